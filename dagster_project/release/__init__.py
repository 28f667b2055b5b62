"""From marts to release: which periods are published, what a release holds, and the one swap.

Belongs here: states, vintages, staging, gates, publishing and the internal report on what happened.
Does not belong here: how a figure is computed (dbt) or which figure may be shown (disclosure).
"""
