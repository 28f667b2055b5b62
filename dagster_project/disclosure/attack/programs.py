"""Programs that are solved once, as the solver wants them.

Belongs here: posing a program and reading its answer. Does not belong here: what is asked, programs
that are solved time and again (explore).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from dagster_project.disclosure.attack.layout import Flags, Floats

Limits = tuple[Floats | float, Floats | float]
"""The least and the most that something can be, each for all or of one shape with them."""


class Quiet(highspy.Highs):
    """A solver that does not print its banner, which it does when callbacks are enabled."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def enableCallbacks(self) -> None:  # noqa: N802
        """Be silent first."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Answer:
    """The best point, if it was found, and whether it is certain that there is none at all."""

    point: Floats | None
    is_impossible: bool


def entries(model: highspy.HighsLp, matrix: Floats) -> None:
    """Give a program its matrix, shape (rows, columns)."""
    column, row = np.nonzero(matrix.T)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.searchsorted(column, np.arange(matrix.shape[1] + 1))
    model.a_matrix_.index_ = row
    model.a_matrix_.value_ = matrix[row, column]


def least(
    cost: Floats,
    matrix: Floats,
    *,
    columns: Limits,
    rows: Limits,
    whole: Flags | None = None,
    seconds: float = np.inf,
) -> Answer:
    """Find the point of least cost within limits.

    Args:
        cost: shape (columns,).
        matrix: shape (rows, columns).
        columns: limits of the point.
        rows: limits of the matrix times the point.
        whole: columns that have to be whole numbers.
        seconds: after which it gives up.

    """
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = cost
    model.col_lower_, model.col_upper_ = (_each(limit, len(cost)) for limit in columns)
    model.row_lower_, model.row_upper_ = (_each(limit, len(matrix)) for limit in rows)
    entries(model, matrix)
    if whole is not None:
        kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
        model.integrality_ = [kinds[int(one)] for one in whole]
    solver: Any = Quiet()
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", seconds)
    solver.passModel(model)
    solver.run()
    status, possible = solver.getModelStatus(), highspy.HighsModelStatus
    point = np.array(solver.getSolution().col_value) if status == possible.kOptimal else None
    return Answer(point, status == possible.kInfeasible)


def _each(limit: Floats | float, count: int) -> Floats:
    return np.broadcast_to(np.asarray(limit, dtype=float), (count,)).copy()
