"""The suppression pattern of a set of cells: `protect` and what it takes and returns.

What decides on one block runs in processes of its own; so data frames are loaded when they are
asked for, and not with the package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dagster_project.disclosure.protect.rules import BASE_GROUP, Layout, Rules

if TYPE_CHECKING:
    from dagster_project.disclosure.protect.pattern import Pattern, Report, protect
    from dagster_project.disclosure.protect.vintages import Vintages

__all__ = ["BASE_GROUP", "Layout", "Pattern", "Report", "Rules", "Vintages", "protect"]

_LATER = {"Pattern": "pattern", "Report": "pattern", "protect": "pattern", "Vintages": "vintages"}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Load the module that has a name."""
    if name not in _LATER:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
