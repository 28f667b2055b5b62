"""Cuts for primaries that an attacker would know too well: capacity cuts, by linear programming.

Belongs here: the attacker's program and the cut that its duals give (Fischetti and Salazar,
"Solving the cell suppression problem on tabular data with linear constraints", Management Science
47, 2001). Does not belong here: choosing a pattern (optimum).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import highspy
import numpy as np
from problem import NEAR, VIOLATED, Cut, Problem, pose, quiet

DENOMINATOR = 5040
"""Duals are rounded to multiples of one over this; a cut is valid whatever the duals are."""


class Attacker:
    """The linear program of somebody who knows what is published."""

    def __init__(self, problem: Problem) -> None:
        """Pose it with every cell fixed."""
        self.problem = problem
        self.programs = 0
        self._matrix = problem.matrix()
        self._room = problem.n - problem.floor
        size = len(problem.n)
        self._solver = quiet()
        pose(self._solver, np.zeros(size), np.zeros(size), np.zeros(size), self._matrix)
        self._solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self._solver.setOptionValue("presolve", "off")
        self._solver.setOptionValue("simplex_strategy", 4)

    def cuts(self, hidden: np.ndarray, *, far: float | None = None) -> Iterator[Cut]:
        """Yield a violated cut for each demand that the pattern does not meet.

        Args:
            hidden: the pattern, shape (cells,), possibly fractional.
            far: how far a cell can move at most, in reaches; None where `hidden` is a pattern, and
                a hidden cell can move as far as it likes.

        """
        problem, demands = self.problem, self.problem.demands()
        most = np.where(hidden > NEAR, highspy.kHighsInf, 0.0)
        least = -self._room * hidden
        met = np.zeros(len(demands), dtype=bool)
        cells = np.array([cell for cell, _, _ in demands], dtype=np.int64)
        signs = np.array([sign for _, sign, _ in demands])
        reach = np.array([distance for _, _, distance in demands])
        every = np.arange(len(problem.n), dtype=np.int32)
        scales: Iterable[float] = sorted(set(reach)) if far is not None else (0.0,)
        for scale in scales:
            if far is not None:
                most = scale * far * hidden
                least = -np.minimum(self._room, scale * far) * hidden
            self._solver.changeColsBounds(len(every), every, least, most)
            for number in np.flatnonzero((reach == scale) if far is not None else reach > 0):
                if met[number]:
                    continue
                cell, sign, distance = demands[number]
                point, duals = self._farthest(cell, sign, distance, least, most)
                met |= (
                    signs * point[cells] >= reach - NEAR
                    if far is None
                    else ((reach == scale) & (signs * point[cells] >= reach - NEAR))
                )
                if not met[number]:
                    cut = self._cut(cell, sign, distance, duals)
                    if cut.missing(hidden) > VIOLATED:
                        yield cut

    def _farthest(
        self, cell: int, sign: int, distance: float, least: np.ndarray, most: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        solver = self._solver
        low, high = float(least[cell]), float(most[cell])
        capped = (low, min(high, distance)) if sign > 0 else (max(low, -distance), high)
        solver.changeColBounds(cell, *capped)
        solver.changeColCost(cell, float(sign))
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            solver.clearSolver()
            solver.run()
        self.programs += 1
        solution = solver.getSolution()
        solver.changeColCost(cell, 0.0)
        solver.changeColBounds(cell, low, high)
        return np.asarray(solution.col_value), np.asarray(solution.row_dual)

    def _cut(self, cell: int, sign: int, distance: float, duals: np.ndarray) -> Cut:
        """Say what must be hidden: sign * move[cell] = sum of slopes * moves, whatever `duals`."""
        whole = np.rint(duals * DENOMINATOR) / DENOMINATOR
        slopes = -(self._matrix.T @ whole)
        slopes[cell] += sign
        slopes[np.abs(slopes) < 0.5 / DENOMINATOR] = 0.0
        weights = np.where(slopes > 0, distance, np.minimum(-slopes * self._room, distance))
        weights[slopes == 0] = 0.0
        weights[cell] = min(abs(slopes[cell]), 1.0) * distance
        rest = distance - weights[self.problem.primary].sum()
        weights[self.problem.primary] = 0.0
        if rest <= NEAR:
            return Cut((), ())
        chosen = np.flatnonzero(weights > NEAR)
        clipped = np.minimum(weights[chosen] / rest, 1.0)
        return Cut(tuple(map(int, chosen)), tuple(map(float, clipped)))
