"""The cheapest cells to hide so that a figure can move as far as it should.

Belongs here: the price of moving a figure. Does not belong here: which have to (respondents,
figures), whether they can already (bounds).

Where no table that agrees with what is published has a figure far enough from the truth, more cells
have to give: the cheapest perturbation of the whole table that moves it far enough names them. That
is the heuristic of Kelly, Golden and Assad, "Cell suppression: disclosure protection for sensitive
tabular data", Networks 22 (1992), as solved in Fischetti and Salazar, "Solving the cell suppression
problem on tabular data with linear constraints", Management Science 47 (2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from dagster_project.disclosure.protect.blocks import Entries, Equations, Flags, Floats, Ints
from dagster_project.disclosure.protect.bounds import Component
from dagster_project.disclosure.protect.programs import is_whole, make_solver, solve_whole
from dagster_project.disclosure.protect.rules import SLACK

FREE = 1e-4
"""What moving a cell costs that is hidden anyway, beside 1 for one that would have to be."""


@dataclass(frozen=True)
class _Table:
    """A component with what it is tied to: all figures, shape (cells and figures,)."""

    values: Floats
    least: Floats
    most: Floats
    hidden: Flags
    sums: int
    entries: Entries

    @classmethod
    def of(
        cls,
        component: Component,
        equations: Equations,
        hidden: Flags,
        costs: Floats,
    ) -> _Table:
        """Put them one behind the other; every cell with a price may move."""
        least, most, tied = component.least, component.most, component.tied
        if tied is None:
            sums, entries = len(equations), equations.entries
            return cls(component.values, least, most, hidden, sums, entries)
        movable = hidden | np.isfinite(costs)
        return cls(
            np.concatenate([component.values, tied.values]),
            np.concatenate([least, tied.floor]),
            np.concatenate([most, np.full(len(tied.values), np.inf)]),
            np.concatenate([hidden, tied.hidden & movable[tied.cell]]),
            len(equations) + len(tied.equations),
            _below(equations, tied.equations),
        )


def _below(first: Equations, second: Equations) -> Entries:
    """Put equations of fewer figures above those of more."""
    (row, *others), (lower, *more) = first.entries, second.entries
    column, value = (np.concatenate(pair) for pair in zip(others, more, strict=True))
    return np.concatenate([row, lower + len(first)]), column, value


def cheapest_move(
    component: Component,
    equations: Equations,
    hidden: Flags,
    *,
    costs: Floats,
    aim: tuple[int, float] | None = None,
) -> tuple[float, Ints] | None:
    """Find the published cells that are cheapest to hide so that a table of a kind is possible.

    Args:
        component: the true table, and what each figure must be at least and at most; the truth may
            lie outside.
        equations: how its figures add up.
        hidden: which are hidden already and may move freely, shape (cells,).
        costs: what hiding costs per cell, shape (cells,); infinite where it is impossible.
        aim: a cell and the value it must have.

    Returns:
        The cost and the cells to hide, none if there is such a table already; None if there is no
        such table whatever is hidden.

    """
    table = _Table.of(component, equations, hidden, costs)
    values, hidden, size = table.values, table.hidden, len(table.values)
    costs = np.concatenate([costs, np.full(size - len(costs), np.inf)])
    movable = np.isfinite(costs) | hidden
    move = np.concatenate([table.most - values, values - table.least])
    upper = np.where(np.tile(movable, 2), np.maximum(move, 0.0), 0.0)
    # what lies outside has to move the other way by as much
    lower = np.roll(np.where(-move > SLACK, -move, 0.0), size)
    if aim is not None:
        cell, goal = aim
        step = goal - values[cell]
        towards, away = (cell, size + cell) if step > 0 else (size + cell, cell)
        lower[towards] = upper[towards] = abs(step)
        upper[away] = 0.0
    if (lower > upper + SLACK).any():
        return None
    price = np.where(hidden, FREE, np.where(np.isfinite(costs), costs, 0.0))
    row, column, value = table.entries
    both = np.tile(row, 2), np.concatenate([column, column + size]), np.append(value, -value)
    nothing = np.zeros(table.sums)
    solver = make_solver(np.concatenate([price, price]), (lower, upper), (nothing, nothing), both)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    point = np.asarray(solver.getSolution().col_value)
    if component.whole and not is_whole(point):
        whole = solve_whole(solver, 2 * size)
        point = point if whole is None else whole
    used = (point[:size] + point[size:] > SLACK) & ~hidden
    return float(costs[used].sum()), np.flatnonzero(used)
