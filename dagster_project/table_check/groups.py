"""What is left of a published total: its suppressed parts together, as cells of their own.

Belongs here: which cells the attack gets besides those of the file. Does not belong here: the
attack, which finds how many are in them.

A total less its published parts is a group that everybody can know, though no row is about it. As
further values of the dimension (`absence + diagnosis`) such groups are attacked like any other
cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from dagster_project.table_check.adding import parts_in
from dagster_project.table_check.table import Equation, Table

MOST_CELLS = 20_000
"""Cells that are attacked; groups that would make them more are left out, and counted."""
TOGETHER = " + "

Cell = tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Suppressed parts of a total: `cells` has each cell of the group, and `totals` its total."""

    equation: Equation
    members: tuple[str, ...]
    totals: tuple[Cell, ...]

    @property
    def value(self) -> str:
        """What the group is called in its dimension."""
        return TOGETHER.join(self.members)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the group."""
        return tuple(self.at(total, self.value) for total in self.totals)

    def at(self, cell: Cell, value: str) -> Cell:
        """Return a cell with another value in the dimension of the group."""
        place = self.equation.dimension
        return (*cell[:place], value, *cell[place + 1 :])


@dataclass(frozen=True)
class Attacked:
    """All that the attack gets: `unlisted` are totals without a row, and cells of groups.

    `left_out` counts groups that would be too many cells.
    """

    equations: tuple[Equation, ...]
    unlisted: frozenset[Cell]
    groups: tuple[Group, ...]
    left_out: int


def attacked_in(table: Table) -> Attacked:
    """Return the cells and equations of a table, with its groups.

    A total without a row is suppressed, as its parts are there. Any other cell without a row has
    nobody.
    """
    cells = {row.values for row in table.rows}
    for cell in list(cells):
        cells |= set(
            product(*(_upwards(table.equations, d, value) for d, value in enumerate(cell)))
        )
    equations, groups, left_out = list(table.equations), [], 0
    for group in _groups(table):
        new = {group.at(c, group.value) for c in cells if _touches(group, c)} - cells
        if len(cells) + len(new) > MOST_CELLS:
            left_out += 1
            continue
        cells |= new
        groups.append(group)
        equations += _of_group(group)
    unlisted = frozenset(cells - {row.values for row in table.rows})
    return Attacked(tuple(dict.fromkeys(equations)), unlisted, tuple(groups), left_out)


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


def _groups(table: Table) -> list[Group]:
    """Return what is left of totals where several parts are suppressed and others are not."""
    by_cell = {row.values: row for row in table.rows}
    found: dict[tuple[int, tuple[str, ...]], list[Cell]] = {}
    for number, equation in enumerate(table.equations):
        for row in table.rows:
            if row.values[equation.dimension] != equation.parent or row.n is None:
                continue
            parts = parts_in(by_cell, equation, row.values)
            hidden = tuple(p.values[equation.dimension] for p in parts if p.n is None)
            if len(hidden) > 1 and any(part.n for part in parts):
                found.setdefault((number, hidden), []).append(row.values)
    groups = [
        Group(table.equations[number], hidden, tuple(totals))
        for (number, hidden), totals in found.items()
    ]
    return sorted(groups, key=lambda one: one.equation.dimension)


def _touches(group: Group, cell: Cell) -> bool:
    return cell[group.equation.dimension] in {group.equation.parent, *group.members}


def _of_group(group: Group) -> list[Equation]:
    """Return that the group is its members, and that with the other parts it is the total."""
    one = group.equation
    others = tuple(child for child in one.children if child not in group.members)
    rest = f"{one.partition} less {group.value}"
    return [
        Equation(one.dimension, "members", group.value, group.members),
        Equation(one.dimension, rest, one.parent, (*others, group.value)),
    ]
