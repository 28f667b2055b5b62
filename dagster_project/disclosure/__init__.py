"""Disclosure control: which cells of which figures may be published.

Belongs here: the decision, as a pure function of counts and rules. Does not belong here: anything
of Dagster, dbt, files or surveys; the package can be used alone.
"""

from dagster_project.disclosure.pattern import BASE_GROUP, CELL, Rules, protect

__all__ = ["BASE_GROUP", "CELL", "Rules", "protect"]
