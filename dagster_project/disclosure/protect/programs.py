"""Linear programs on additive tables, as the solver wants them.

Belongs here: building and solving. Does not belong here: what they are asked (bounds, repairs).
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from dagster_project.disclosure.protect.blocks import Entries, Floats, Ints
from dagster_project.disclosure.protect.changes import Changes
from dagster_project.disclosure.protect.rules import SLACK

FEASIBLE = 2
"""What the solver calls a solution that keeps all limits, whether or not it is the best."""
GOOD_ENOUGH = 0.1
"""The relative gap at which a search for whole numbers ends."""
NODES = 500
"""Nodes of such a search; unlike seconds, they are the same everywhere."""
FROM_THE_TRUTH = 4
"""The primal simplex method, which starts where all limits are kept."""


def is_whole(point: Floats) -> bool:
    """Whether a solution counts people."""
    return bool((np.abs(point - np.round(point)) <= SLACK).all())


class Program:
    """Combinations of changes that keep figures within limits, as a linear program.

    A column is how often a change is made, a row how much a figure moves. Making none is always
    within the limits, so the search starts there and is short.
    """

    def __init__(self, changes: Changes, down: Floats, up: Floats) -> None:
        """Take the changes, and how far below and above the truth each figure can be."""
        moved = np.zeros(len(down), dtype=bool)
        moved[changes.figure] = True
        self._figures = np.flatnonzero(moved)
        self._place = np.where(moved, np.cumsum(moved) - 1, -1).astype(np.int32)
        self._changes, self._size = changes, len(down)
        self.limits = -down[self._figures], up[self._figures]
        matrix = self._place[changes.figure].astype(np.int64), changes.row, changes.size
        free = np.full(changes.count, highspy.kHighsInf)
        nothing = np.zeros(changes.count)
        self._solver: Any = make_solver(nothing, (-free, free), self.limits, matrix)
        self._solver.setOptionValue("simplex_strategy", FROM_THE_TRUTH)

    def hold(self, down: Floats, up: Floats) -> None:
        """Set how far below and above the truth each figure can be."""
        self.limits = -down[self._figures], up[self._figures]
        every = np.arange(len(self._figures), dtype=np.int32)
        self._solver.changeRowsBounds(len(every), every, *self.limits)

    def solve(
        self, figures: Ints, costs: Floats, low: Floats, high: Floats, *, whole: bool = False
    ) -> tuple[bool, Floats | None]:
        """Find the moves of least cost.

        Args:
            figures: those that have a cost, or narrower limits.
            costs: what moving each of them up by one costs.
            low: the least that each has to move.
            high: the most.
            whole: whether moves have to be whole numbers; any table will do then.

        Returns:
            Whether there is a best table, and how it differs from the truth, shape (figures,);
            None where there is none, or none was found.

        """
        places = self._place[figures]
        moved = places >= 0
        if ((low > SLACK) | (high < -SLACK))[~moved].any():
            return False, None
        places, costs, low, high = places[moved], costs[moved], low[moved], high[moved]
        lower, upper = self.limits[0][places], self.limits[1][places]
        narrow = np.maximum(lower, low), np.minimum(upper, high)
        if (narrow[0] > narrow[1] + SLACK).any():
            return False, None
        solver = self._solver
        solver.changeRowsBounds(len(places), places, *narrow)
        weights = np.zeros(self._size)
        weights[self._figures[places]] = costs
        change = self._changes
        moving = weights[change.figure] * change.size
        prices = np.bincount(change.row, moving, change.count).astype(np.float64)
        every = np.arange(change.count, dtype=np.int32)
        if whole:
            solver.changeColsIntegrality(change.count, every, _kinds(change.count, whole=True))
            solver.setOptionValue("presolve", "on")
            prices = np.zeros(change.count)
        solver.changeColsCost(change.count, every, prices)
        solver.clearSolver()
        solver.run()
        best = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        found = best or (whole and solver.getInfo().primal_solution_status == FEASIBLE)
        point = np.asarray(solver.getSolution().col_value) if found else None
        solver.changeRowsBounds(len(places), places, lower, upper)
        if whole:
            solver.changeColsIntegrality(change.count, every, _kinds(change.count, whole=False))
            solver.setOptionValue("presolve", "off")
        if point is None:
            return bool(best), None
        moved_by = point[change.row] * change.size
        return True, np.bincount(change.figure, moved_by, self._size).astype(np.float64)


def _kinds(count: int, *, whole: bool) -> npt.NDArray[np.uint8]:
    kind = highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
    return np.full(count, int(kind), dtype=np.uint8)


def solve_whole(solver: highspy.Highs, count: int) -> Floats | None:
    """Solve the program in hand for whole numbers, if that can be; people come in no others."""
    columns = np.arange(count, dtype=np.int32)
    solver.changeColsIntegrality(count, columns, _kinds(count, whole=True))
    solver.run()
    solved = solver.getInfo().primal_solution_status == FEASIBLE
    return np.asarray(solver.getSolution().col_value) if solved else None


class _Solver(highspy.Highs):
    """HiGHS without the banner that it prints when its callbacks are switched on."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)


def make_solver(
    costs: Floats,
    columns: tuple[Floats, Floats],
    rows: tuple[Floats, Floats],
    system: Entries,
) -> highspy.Highs:
    """Pose a program: the least cost within the limits of columns and rows."""
    program = highspy.HighsLp()
    program.num_col_ = len(costs)
    program.num_row_ = len(rows[0])
    program.col_cost_ = costs
    program.col_lower_, program.col_upper_ = columns
    program.row_lower_, program.row_upper_ = rows
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    row, column, value = system
    order = np.lexsort((row, column))
    program.a_matrix_.start_ = np.searchsorted(column[order], np.arange(len(costs) + 1))
    program.a_matrix_.index_ = row[order]
    program.a_matrix_.value_ = value[order]
    solver = _Solver()
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("presolve", "off")  # programs are small and solved many times
    solver.setOptionValue("mip_rel_gap", GOOD_ENOUGH)
    solver.setOptionValue("mip_max_nodes", NODES)
    solver.passModel(program)
    return solver
