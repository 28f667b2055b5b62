"""What is left of a published total: its suppressed parts together, as one cell more.

Belongs here: which groups there are, and which totals have no row. Does not belong here: the
attack, which finds how many are in them.

A total less its published parts is a group that everybody can know, though no row is about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from dagster_project.disclosure.attack.layout import TOTAL
from dagster_project.table_check.adding import parts_in
from dagster_project.table_check.table import Equation, Row, Table, name_of

Cell = tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Suppressed `members` of a `total`, whose other parts, `shown`, are published."""

    equation: Equation
    total: Row
    members: tuple[Row, ...]
    shown: tuple[Row, ...]

    @property
    def name(self) -> str:
        """The names of the members."""
        return " + ".join(name_of(one.values) for one in self.members)

    @property
    def rows(self) -> tuple[int, ...]:
        """The spreadsheet rows of the members."""
        return tuple(sorted(one.number for one in self.members))

    @property
    def parts(self) -> dict[str, Row]:
        """Every published row of the group's equation by what it is there, the total as `all`."""
        at = self.equation.dimension
        return {TOTAL: self.total} | {row.values[at]: row for row in self.shown}


def groups_in(table: Table) -> tuple[Group, ...]:
    """Return what is left of each total of which several parts are suppressed, others not."""
    by_cell = {row.values: row for row in table.rows}
    found = []
    for equation in table.equations:
        for row in table.rows:
            if row.values[equation.dimension] != equation.parent or row.n is None:
                continue
            parts = parts_in(by_cell, equation, row.values)
            hidden = tuple(part for part in parts if part.n is None)
            shown = tuple(part for part in parts if part.n is not None)
            if len(hidden) > 1 and any(part.n for part in shown):
                found.append(Group(equation, row, hidden, shown))
    return tuple(found)


def unlisted_in(table: Table) -> frozenset[Cell]:
    """Return totals without a row, of which a part has one: they are suppressed.

    Any other cell without a row has nobody.
    """
    listed = {row.values for row in table.rows}
    cells = set(listed)
    for cell in listed:
        ends = (_upwards(table.equations, place, value) for place, value in enumerate(cell))
        cells |= set(product(*ends))
    return frozenset(cells - listed)


def _upwards(equations: Iterable[Equation], dimension: int, value: str) -> set[str]:
    """Return a value and all that it is part of."""
    found, open_ = {value}, {value}
    while open_:
        open_ = {
            one.parent
            for one in equations
            if one.dimension == dimension and open_ & set(one.children)
        } - found
        found |= open_
    return found
