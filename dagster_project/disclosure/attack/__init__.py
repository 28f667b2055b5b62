"""The attack: what can be worked back from published tables, of one vintage and of several.

Belongs here: what follows from published figures, the scales and the hierarchies. It shares nothing
with `protect`, whose work it tests. Does not belong here: what of it may be known (`judge`), or
whether derived tables follow (`audit`).

`attack` needs nothing else of this project: its docstring names the columns it reads and has an
example. `read_release` and `figures_of` read the published marts for it.
"""

from __future__ import annotations

from dagster_project.disclosure.attack.layout import Layout
from dagster_project.disclosure.attack.read import figures_of, read_release
from dagster_project.disclosure.attack.run import Attack, attack

__all__ = ["Attack", "Layout", "attack", "figures_of", "read_release"]
