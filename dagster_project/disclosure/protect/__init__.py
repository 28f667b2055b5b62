"""The protector: which cells of which figures may be published.

Belongs here: the decision as a pure function of counts, hierarchies and rules. Does not belong
here: anything of Dagster, dbt or surveys; the package can be used alone.
"""

from dagster_project.disclosure.protect.differences import Vintages
from dagster_project.disclosure.protect.pattern import Pattern, Report, protect
from dagster_project.disclosure.protect.rules import Layout, Rules

__all__ = ["Layout", "Pattern", "Report", "Rules", "Vintages", "protect"]
