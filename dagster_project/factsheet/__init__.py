"""What people read of a release: a factsheet per organisation and period, and the front page.

Every figure is read from the release that goes out, never from anything behind it; the words beside
the figures are the codebook's. Belongs here: choosing, wording and drawing. Does not belong here:
computing a figure, deciding what is hidden.
"""
