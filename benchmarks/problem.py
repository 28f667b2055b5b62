"""A table of counts, what is promised of it, and what a pattern that breaks a promise must hide.

Belongs here: the demands on each primary, the equations, a cut, posing a linear program. Does not
belong here: finding cuts (capacity_cuts, cover_cuts), the cheapest pattern (optimum).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
import scipy.sparse

NEAR = 1e-6
VIOLATED = 1e-3
"""By how much a pattern must fall short of a cut for it to be added."""

Equation = tuple[int, tuple[int, ...]]


@dataclass(frozen=True)
class Problem:
    """A table of counts and what is promised of it.

    `n`, shape (cells,), holds the respondents of each cell, at least 1; `equations` the parts that
    each total is the sum of, by position. `width` is the share of a primary by which an attacker
    must be wrong to both sides, at least 1; `unions` asks for the second promise above.
    """

    n: np.ndarray
    equations: tuple[Equation, ...]
    min_n: int = 10
    width: float = 0.2
    unions: bool = True
    floor: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Count the leaves in each cell: it has at least one respondent for each."""
        floor = np.ones(len(self.n))
        while True:
            raised = floor.copy()
            for parent, children in self.equations:
                raised[parent] = max(raised[parent], floor[list(children)].sum())
                if len(children) == 1:
                    raised[children[0]] = max(raised[children[0]], floor[parent])
            if np.array_equal(raised, floor):
                break
            floor = raised
        object.__setattr__(self, "floor", floor)

    @property
    def primary(self) -> np.ndarray:
        """Cells that are too small, shape (cells,)."""
        return np.asarray(self.n < self.min_n)

    def demands(self) -> list[tuple[int, int, float]]:
        """List how far each primary must be able to move: cell, direction (1 or -1), distance."""
        found = []
        for cell in np.flatnonzero(self.primary):
            reach = max(1.0, float(np.ceil(self.width * self.n[cell] - 1e-9)))
            found.append((int(cell), 1, reach))
            down = min(reach, float(self.n[cell] - self.floor[cell]))
            if down > 0:
                found.append((int(cell), -1, down))
        return found

    def matrix(self) -> scipy.sparse.csr_matrix:
        """Return the equations, shape (equations, cells): parts 1, their total -1."""
        rows = [r for r, (_, parts) in enumerate(self.equations) for _ in range(len(parts) + 1)]
        columns = [c for parent, parts in self.equations for c in (*parts, parent)]
        signs = [s for _, parts in self.equations for s in (*([1.0] * len(parts)), -1.0)]
        shape = (len(self.equations), len(self.n))
        return scipy.sparse.csr_matrix((signs, (rows, columns)), shape=shape)


@dataclass(frozen=True)
class Cut:
    """The cells, weighted by `weights`, of which at least 1 in total must be hidden."""

    cells: tuple[int, ...]
    weights: tuple[float, ...]

    def missing(self, hidden: np.ndarray) -> float:
        """Say by how much `hidden`, shape (cells,), which may be fractional, falls short."""
        return 1.0 - float(np.dot(self.weights, hidden[list(self.cells)]))


def quiet() -> highspy.Highs:
    """Return a solver that prints nothing and uses one thread."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    return solver


def pose(
    solver: highspy.Highs,
    costs: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    rows: scipy.sparse.csr_matrix,
) -> None:
    """Pose the program whose rows are all 0."""
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(costs), rows.shape[0]
    program.col_cost_, program.col_lower_, program.col_upper_ = costs, lower, upper
    program.row_lower_ = program.row_upper_ = np.zeros(rows.shape[0])
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = rows.indptr
    program.a_matrix_.index_ = rows.indices
    program.a_matrix_.value_ = rows.data
    solver.passModel(program)
