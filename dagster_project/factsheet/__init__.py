"""What people read of a release: a factsheet per organisation and period, and the front page.

Every figure is read from the published release, never from internal tables; the words beside
the figures are the codebook's. Belongs here: choosing, wording and drawing. Does not belong here:
computing a figure, deciding what is hidden.
"""
