"""The suppression pattern of a set of cells: `protect` and what it takes and returns."""

from dagster_project.disclosure.protect.pattern import Pattern, Report, protect
from dagster_project.disclosure.protect.rules import BASE_GROUP, Layout, Rules
from dagster_project.disclosure.protect.vintages import Vintages

__all__ = ["BASE_GROUP", "Layout", "Pattern", "Report", "Rules", "Vintages", "protect"]
