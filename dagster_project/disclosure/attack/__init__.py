"""The attack: what can be worked back from published tables, of one vintage and of several.

Belongs here: what follows from published figures, the scales and the hierarchies. It shares nothing
with `protect`, whose work it tests. Does not belong here: what of it may be known (`judge`), or
whether derived tables follow (`audit`).

`attack` needs nothing else of this project: its docstring names the columns it reads and has an
example. `read_release` and `figures_of` read the published marts for it.

The attack on one block runs in processes of its own; so data frames are loaded when they are asked
for, and not with the package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dagster_project.disclosure.attack.layout import Layout

if TYPE_CHECKING:
    from dagster_project.disclosure.attack.read import figures_of, read_release
    from dagster_project.disclosure.attack.run import Attack, attack

__all__ = ["Attack", "Layout", "attack", "figures_of", "read_release"]

_LATER = {"Attack": "run", "attack": "run", "figures_of": "read", "read_release": "read"}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Load the module that has a name."""
    if name not in _LATER:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
