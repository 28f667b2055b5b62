"""Linear programs on additive tables, as the solver wants them.

Belongs here: building and solving. Does not belong here: what they are asked (bounds).
"""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np
import scipy.sparse

from dagster_project.disclosure.protect.elimination import Equation
from dagster_project.disclosure.protect.rules import SLACK, Floats, Ints

FEASIBLE = 2
"""What the solver calls a solution that keeps all limits, whether or not it is the best."""
GOOD_ENOUGH = 0.1
NODES = 500


def is_whole(point: Floats) -> bool:
    """Whether a solution counts people."""
    return bool((np.abs(point - np.round(point)) <= SLACK).all())


def solve_whole(solver: highspy.Highs, count: int) -> Floats | None:
    """Solve the program in hand for whole numbers, if that can be; people come in no others."""
    columns = np.arange(count, dtype=np.int32)
    integer = np.full(count, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
    solver.changeColsIntegrality(count, columns, integer)
    solver.run()
    solved = solver.getInfo().primal_solution_status == FEASIBLE
    point = np.asarray(solver.getSolution().col_value) if solved else None
    solver.changeColsIntegrality(count, columns, np.zeros(count, dtype=np.uint8))
    return point


def entries(equations: Sequence[Equation]) -> tuple[Ints, Ints, Floats]:
    """Rows, columns and signs of the equations as a matrix: parts minus their total."""
    sizes = [len(equation.children) + 1 for equation in equations]
    rows = np.repeat(np.arange(len(equations)), sizes)
    columns = np.array([c for e in equations for c in (*e.children, e.parent)], dtype=np.int64)
    signs = np.ones(len(columns))
    if sizes:
        signs[np.cumsum(sizes) - 1] = -1.0
    return rows, columns, signs


def hidden_system(
    equations: Sequence[Equation], values: Floats, place: Ints
) -> tuple[scipy.sparse.csc_matrix, Floats]:
    """Keep of every equation the part that is not published: what the hidden cells add up to."""
    rows, columns, signs = entries(equations)
    hidden = place[columns] >= 0
    count = int(place.max()) + 1 if len(place) else 0
    touched, renumbered = np.unique(rows[hidden], return_inverse=True)
    system = scipy.sparse.csc_matrix(
        (signs[hidden], (renumbered, place[columns[hidden]])), shape=(len(touched), count)
    )
    truth = np.zeros(count)
    truth[place[place >= 0]] = values[place >= 0]
    return system, system @ truth


class _Solver(highspy.Highs):
    """HiGHS without the banner that it prints when its callbacks are switched on."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)


def make_solver(
    costs: Floats, lower: Floats, upper: Floats, system: scipy.sparse.csc_matrix, sums: Floats
) -> highspy.Highs:
    """Pose a program: the least cost within bounds at which the system adds up to the sums."""
    program = highspy.HighsLp()
    program.num_col_ = len(costs)
    program.num_row_ = len(sums)
    program.col_cost_ = costs
    program.col_lower_ = lower
    program.col_upper_ = upper
    program.row_lower_ = sums
    program.row_upper_ = sums
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = system.indptr
    program.a_matrix_.index_ = system.indices
    program.a_matrix_.value_ = system.data
    solver = _Solver()
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("presolve", "off")  # programs are small and solved many times
    # in whole numbers a good table does, and the search must end; nodes, unlike seconds, are the
    # same everywhere
    solver.setOptionValue("mip_rel_gap", GOOD_ENOUGH)
    solver.setOptionValue("mip_max_nodes", NODES)
    solver.passModel(program)
    return solver
