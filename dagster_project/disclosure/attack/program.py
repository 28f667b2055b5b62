"""Linear programs over the equations of one measure, solved one after another.

Belongs here: talking to HiGHS. Does not belong here: which programs are worth solving.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

from dagster_project.disclosure.attack.catalogue import Flags, Floats, Ints
from dagster_project.disclosure.attack.propagate import ContradictionError
from dagster_project.disclosure.attack.structure import Structure

OPTIONS = {
    "output_flag": False,
    "presolve": "off",
    "solver": "simplex",
    "simplex_strategy": 4,  # primal: the last solution stays feasible when only the aim changes
    "parallel": "off",
    "threads": 1,
}
MISFIT = 1e-5  # more than this is no rounding
PATIENCE = 5.0  # seconds for one program in whole numbers


class _Quiet(highspy.Highs):
    """A solver that does not print its banner, which it does when callbacks are enabled."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def enableCallbacks(self) -> None:  # noqa: N802
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class Program:
    """The equations as a program; bounds and right side can change, the last basis is kept."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.solved = 0
        self.posed_by: object = None
        none = np.zeros(structure.rows), np.zeros(structure.variables)
        self._posed = (none[0], none[0], none[1], none[1])
        self._cols = np.arange(structure.variables, dtype=np.int32)
        self._rows = np.arange(structure.rows, dtype=np.int32)
        size = structure.variables, structure.rows
        self._highs = _new(structure, np.zeros(size[0]), np.zeros(size[0]), np.zeros(size[1]))

    def pose(self, right: Floats, low: Floats, high: Floats) -> None:
        """Set the right side and the bounds for the programs that follow.

        Programs are shared; `posed_by` is for users to note whose bounds are set.
        """
        empty = self.structure.empty
        lower = np.where(empty, -highspy.kHighsInf, right)
        upper = np.where(self.structure.equal & ~empty, right, highspy.kHighsInf)
        self._posed = (lower, upper, low, high)
        self._highs.changeRowsBounds(len(self._rows), self._rows, lower, upper)
        self._highs.changeColsBounds(len(self._cols), self._cols, low, high)

    def minimise(self, cost: Floats) -> tuple[Floats, float]:
        """Return a solution with the least `cost @ x`, and that cost.

        Raises:
            ContradictionError: there is no solution.

        """
        self.solved += 1
        self._highs.changeColsCost(len(self._cols), self._cols, cost)
        self._highs.run()
        status = self._highs.getModelStatus()
        values = np.array(self._highs.getSolution().col_value)
        if status != highspy.HighsModelStatus.kOptimal or not self._fits(values):
            status = self._afresh()
            values = np.array(self._highs.getSolution().col_value)
        if status != highspy.HighsModelStatus.kOptimal or not self._fits(values):
            raise ContradictionError
        return values, self._highs.getObjectiveValue()

    def _fits(self, values: Floats) -> bool:
        """Whether a solution keeps what was posed; from a stale basis it sometimes does not."""
        s = self.structure
        lower, upper, low, high = self._posed
        sums = np.bincount(s.row, s.coef * values[s.col], minlength=s.rows)
        room = MISFIT * (1.0 + np.abs(np.where(np.isfinite(lower), lower, 0.0)))
        rows = (sums >= lower - room) & (sums <= upper + room)
        return bool(
            rows.all() and (values >= low - MISFIT).all() and (values <= high + MISFIT).all()
        )

    def _afresh(self) -> highspy.HighsModelStatus:
        """Solve once more from nothing: a stale basis may mislead the solver."""
        self._highs.clearSolver()
        self._highs.run()
        status: highspy.HighsModelStatus = self._highs.getModelStatus()
        return status

    def duals(self) -> tuple[Floats, Floats]:
        """Multipliers of the rows and of the bounds in the last solution."""
        solution = self._highs.getSolution()
        return np.array(solution.row_dual), np.array(solution.col_dual)

    def minimise_whole(
        self, cost: Floats, part: Flags, right: Floats, low: Floats, high: Floats
    ) -> tuple[Floats, float] | None:
        """As `minimise`, in whole numbers and over the variables of `part` only.

        `part` must be connected to nothing else that is free. None if time ran out.
        """
        self.solved += 1
        fixed = np.where(part, 0.0, np.clip(low, None, high))
        s = self.structure
        rest = right - np.bincount(s.row, s.coef * fixed[s.col], minlength=s.rows)
        highs = _new(s, np.where(part, low, 0.0), np.where(part, high, 0.0), rest, part)
        highs.setOptionValue("time_limit", PATIENCE)
        highs.changeColsCost(len(self._cols), self._cols, cost)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(highs.getSolution().col_value), highs.getObjectiveValue()


def _new(
    structure: Structure, low: Floats, high: Floats, right: Floats, part: Flags | None = None
) -> Any:  # noqa: ANN401
    """Return a solver with the rows of the structure; rows that leave `part` out do not bind."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = structure.variables, structure.rows
    model.col_cost_ = np.zeros(structure.variables)
    model.col_lower_, model.col_upper_ = low, high
    free = structure.empty.copy()
    if part is not None:
        free |= np.bincount(structure.row, part[structure.col], minlength=structure.rows) == 0
    model.row_lower_ = np.where(free, -highspy.kHighsInf, right)
    model.row_upper_ = np.where(structure.equal & ~free, right, highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    starts: Ints = np.searchsorted(structure.row, np.arange(structure.rows + 1))
    model.a_matrix_.start_ = starts.astype(np.int32)
    model.a_matrix_.index_ = structure.col.astype(np.int32)
    model.a_matrix_.value_ = structure.coef
    if part is not None:
        whole = highspy.HighsVarType.kInteger
        model.integrality_ = [whole] * structure.variables
    highs: Any = _Quiet()
    for name, value in OPTIONS.items():
        if part is None or name not in ("presolve", "solver"):
            highs.setOptionValue(name, value)
    highs.passModel(model)
    return highs
