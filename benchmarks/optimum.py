"""The cheapest suppression pattern of a table of counts, by integer programming with cuts.

Belongs here: the yardstick, which shares nothing with the protector: what must be hidden, and the
least that it can cost. Does not belong here: tables (instances), comparing (loss).

A binary variable per cell says whether it is hidden. A pattern is good enough when

- for every primary (1 to min_n - 1 respondents), a table exists that agrees with everything
  published, has at least one respondent in every leaf, and in which the primary is `reach` higher,
  and one in which it is `reach` lower (or as low as its leaves allow);
- with `unions`, no union of leaves with 1 to min_n - 1 respondents is a linear combination of
  published cells.

What a pattern lacks of the first is found by linear programming and said by a *capacity cut*
(Fischetti and Salazar, "Solving the cell suppression problem on tabular data with linear
constraints", Management Science 47, 2001); what it lacks of the second by exact elimination, and
said by a *cover cut*: of the published cells that combine to the union, one has to be hidden. The
program is solved again with the cuts until none is missing. Counts are not required to be whole in
the attacker's tables, so the optimum is never above that of a promise that asks for whole ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
import scipy.optimize
import scipy.sparse

PRIME = 2**31 - 1
NEAR = 1e-6
VIOLATED = 1e-3
"""By how much a pattern must fall short of a cut for it to be added."""
MOST_ROUNDS = 60
IDLE_ROUNDS = 4
"""Rounds of cuts before whole numbers are asked for: at most, and without a higher bound."""
DENOMINATOR = 5040
"""Duals are rounded to multiples of one over this; a cut is valid whatever the duals are."""

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


@dataclass(frozen=True)
class Limits:
    """When to give up: seconds altogether, and for one integer program."""

    seconds: float = 3600.0


@dataclass(frozen=True)
class Optimum:
    """The cheapest pattern, or the best bound on its cost.

    `hidden`, shape (cells,), is None if no pattern was found within the limits; then `bound` is
    below the cost of every pattern. It is `proven` if none is cheaper.
    """

    hidden: np.ndarray | None
    cost: float
    bound: float
    proven: bool
    cuts: int
    programs: int
    seconds: float


class Attacker:
    """The linear program of somebody who knows what is published."""

    def __init__(self, problem: Problem) -> None:
        """Pose it with every cell fixed."""
        self.problem = problem
        self.programs = 0
        self._matrix = problem.matrix()
        self._room = problem.n - problem.floor
        size = len(problem.n)
        self._solver = _quiet()
        _pose(self._solver, np.zeros(size), np.zeros(size), np.zeros(size), self._matrix)
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


class Unions:
    """Finds unions of too few respondents that follow from what is published."""

    def __init__(self, problem: Problem) -> None:
        """Write every cell as a sum of leaves."""
        self.problem = problem
        self.vectors, self.ties = _vectors(len(problem.n), problem.equations)
        self._leaf = np.flatnonzero(~np.isin(np.arange(len(problem.n)), _parents(problem)))
        self._n = problem.n[self._leaf]
        self._few = self._n < problem.min_n
        self.known: list[np.ndarray] = []
        """Unions found so far, shape (leaves,) each."""

    def light(self, hidden: np.ndarray) -> list[np.ndarray]:
        """Return unions, shape (leaves,) each, that follow from what is not `hidden`."""
        told = np.concatenate([self.vectors[~hidden], self.ties])
        basis = _within(told, self._few)
        found: dict[bytes, np.ndarray] = {}
        for rows in _connected(basis):
            for union in _light_sums(basis[rows], self._n, self.problem.min_n):
                found[union.tobytes()] = union
        self.known += [u for u in found.values() if not any((u == k).all() for k in self.known)]
        return list(found.values())

    def cover(self, union: np.ndarray, hidden: np.ndarray) -> Cut | None:
        """Name published cells that combine to a union, as few of them hidden as can be."""
        able = np.flatnonzero(~self.problem.primary)
        every = np.concatenate([self.vectors[able], self.ties]).astype(float)
        price = np.concatenate([hidden[able] + 1e-4, np.full(len(self.ties), 1e-6)])
        system = scipy.sparse.csc_matrix(every.T)
        solved = scipy.optimize.linprog(
            np.concatenate([price, price]),
            A_eq=scipy.sparse.hstack([system, -system]).tocsc(),
            b_eq=union.astype(float),
            bounds=(0, None),
            method="highs-ds",
        )
        if solved.x is None:
            return None
        count = len(price)
        used = np.flatnonzero(np.abs(solved.x[:count] - solved.x[count:])[: len(able)] > NEAR)
        return Cut(tuple(map(int, able[used])), (1.0,) * len(used))


def cheapest(
    problem: Problem,
    costs: np.ndarray,
    limits: Limits | None = None,
    *,
    within: tuple[np.ndarray, float] | None = None,
    say: bool = False,
) -> Optimum:
    """Find the pattern of the least total cost.

    Args:
        problem: the table and its promises.
        costs: what hiding a cell costs, shape (cells,).
        limits: when to give up.
        within: other costs, shape (cells,), and how much a pattern may cost of them.
        say: whether to print how it goes.

    """
    begun = time.process_time()
    limits = limits or Limits()
    program = _Program(problem, costs, begun + limits.seconds, say=say)
    if within is not None:
        program.keep_within(*within)
    program.tighten()
    hidden, bound, proven = program.solve()
    cost = float(costs[hidden & ~problem.primary].sum()) if hidden is not None else np.inf
    return Optimum(
        hidden,
        cost,
        bound,
        proven,
        len(program.cuts),
        program.attacker.programs,
        time.process_time() - begun,
    )


def violated(problem: Problem, hidden: np.ndarray) -> list[Cut]:
    """Return the cuts that a pattern, shape (cells,), violates: none if it is good enough."""
    found = list(Attacker(problem).cuts(hidden.astype(float)))
    if problem.unions:
        unions = Unions(problem)
        covers = (unions.cover(union, hidden.astype(float)) for union in unions.light(hidden))
        found += [cut for cut in covers if cut is not None]
    return found


class _Program:
    """The integer program and its cuts."""

    def __init__(self, problem: Problem, costs: np.ndarray, until: float, *, say: bool) -> None:
        self.problem, self.until, self.say = problem, until, say
        self.attacker = Attacker(problem)
        self.unions = Unions(problem) if problem.unions else None
        self.cuts: dict[Cut, None] = {}
        self._costs = np.where(problem.primary, 0.0, costs).astype(float)
        self._solver = _quiet()
        size = len(problem.n)
        nothing = scipy.sparse.csr_matrix((0, size))
        lower = problem.primary.astype(float)
        _pose(self._solver, self._costs, lower, np.ones(size), nothing)
        for parent, children in problem.equations:
            self._open_equation((parent, *children))

    def keep_within(self, costs: np.ndarray, most: float) -> None:
        """Allow no pattern that costs more than `most`; `costs` has shape (cells,)."""
        cells = np.flatnonzero(~self.problem.primary).astype(np.int32)
        self._solver.addRow(-highspy.kHighsInf, most, len(cells), cells, costs[cells].astype(float))

    def _open_equation(self, cells: tuple[int, ...]) -> None:
        """One hidden cell of an equation would be known: a cheapest pattern publishes it."""
        problem = self.problem
        few = [cell for cell in cells[1:] if problem.primary[cell]]
        if len(few) == 1:
            self._add([Cut(*_even(c for c in cells if c != few[0] and not problem.primary[c]))])
        elif problem.unions and few and problem.n[few].sum() < problem.min_n:
            self._add([Cut(*_even(c for c in cells if not problem.primary[c]))])
        if any(problem.primary[cell] for cell in cells):
            if sum(problem.primary[cell] for cell in cells) == 1:
                few = [cell for cell in cells if problem.primary[cell]]
                self._add([Cut(*_even(c for c in cells if c != few[0]))])
            return
        for cell in cells:
            columns = np.array([c for c in cells if c != cell] + [cell], dtype=np.int32)
            weights = np.array([1.0] * (len(cells) - 1) + [-1.0])
            self._solver.addRow(0.0, highspy.kHighsInf, len(columns), columns, weights)

    def _add(self, cuts: Iterable[Cut]) -> int:
        count = 0
        for cut in cuts:
            if cut.cells and cut not in self.cuts:
                self.cuts[cut] = None
                columns = np.array(cut.cells, dtype=np.int32)
                weights = np.array(cut.weights)
                self._solver.addRow(1.0, highspy.kHighsInf, len(columns), columns, weights)
                count += 1
        return count

    def tighten(self) -> None:
        """Solve the program without whole numbers until cuts raise the bound no more."""
        last, idle = -1.0, 0
        for round_ in range(MOST_ROUNDS):
            self._solver.run()
            if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                break
            bound = self._solver.getInfo().objective_function_value
            hidden = np.clip(np.asarray(self._solver.getSolution().col_value), 0.0, 1.0)
            idle = idle + 1 if bound < last * 1.0005 + 1e-9 else 0
            last = max(last, bound)
            added = self._add(self.attacker.cuts(hidden, far=1.0))
            if self.unions:
                covers = (self.unions.cover(union, hidden) for union in self.unions.known)
                added += self._add(c for c in covers if c and c.missing(hidden) > VIOLATED)
            if self.say:
                print(f"  round {round_}: bound {bound:.2f}, {added} cuts", flush=True)  # noqa: T201
            if not added or idle >= IDLE_ROUNDS or time.process_time() > self.until:
                break

    def solve(self) -> tuple[np.ndarray | None, float, bool]:
        """Solve it in whole numbers until no cut is violated: pattern, bound, whether proven."""
        size = len(self.problem.n)
        every = np.arange(size, dtype=np.int32)
        bound = 0.0
        while (left := self.until - time.process_time()) > 0:
            # a new solver each time: solved again, HiGHS 1.16 may lose a constant of the objective
            solver = _quiet()
            solver.passModel(self._solver.getLp())
            solver.changeColsIntegrality(size, every, np.full(size, 1, dtype=np.uint8))
            solver.setOptionValue("mip_rel_gap", 0.0)
            solver.setOptionValue("mip_abs_gap", 1e-6)
            solver.setOptionValue("time_limit", 4.0 * left)
            solver.run()
            if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
                return None, np.inf, True
            if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return None, max(bound, solver.getInfo().mip_dual_bound), False
            hidden = np.asarray(solver.getSolution().col_value) > 0.5  # noqa: PLR2004
            cost = float(self._costs[hidden].sum())
            bound = max(bound, cost)
            added = self._add(self._lacking(hidden))
            if self.say:
                print(f"  whole: {cost:.2f}, {added} cuts", flush=True)  # noqa: T201
            if not added:
                return hidden, cost, True
        return None, bound, False

    def _lacking(self, hidden: np.ndarray) -> list[Cut]:
        nearly = np.maximum(hidden.astype(float), 1e-3)
        nearly[self.problem.primary] = 1.0
        found = list(self.attacker.cuts(nearly, far=1.0))
        found = [cut for cut in found if cut.missing(hidden.astype(float)) > VIOLATED]
        found += self.attacker.cuts(hidden.astype(float))
        if self.unions:
            light = self.unions.light(hidden)
            covers = (self.unions.cover(union, hidden.astype(float)) for union in light)
            found += [cut for cut in covers if cut is not None]
        return found


def _even(cells: Iterable[int]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    chosen = tuple(int(cell) for cell in cells)
    return chosen, (1.0,) * len(chosen)


def _quiet() -> highspy.Highs:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    return solver


def _pose(
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


def _parents(problem: Problem) -> list[int]:
    return [parent for parent, _ in problem.equations]


def _vectors(size: int, equations: Sequence[Equation]) -> tuple[np.ndarray, np.ndarray]:
    """Write every cell as a sum of leaves, shape (cells, leaves), and what is 0 besides."""
    ways: dict[int, list[tuple[int, ...]]] = {}
    for parent, children in equations:
        ways.setdefault(parent, []).append(children)
    leaves = [cell for cell in range(size) if cell not in ways]
    column = {cell: number for number, cell in enumerate(leaves)}
    done: dict[int, np.ndarray] = {}

    def vector(cell: int) -> np.ndarray:
        if cell not in done:
            if cell in column:
                done[cell] = np.zeros(len(leaves), dtype=np.int64)
                done[cell][column[cell]] = 1
            else:
                done[cell] = sum(  # type: ignore[assignment]
                    (vector(child) for child in ways[cell][0]), np.zeros(len(leaves), np.int64)
                )
        return done[cell]

    vectors = np.array([vector(cell) for cell in range(size)])
    ties = [
        vectors[list(children)].sum(axis=0) - vectors[cell]
        for cell, alternatives in ways.items()
        for children in alternatives[1:]
    ]
    different = [tie for tie in ties if tie.any()]
    return vectors, np.array(different, dtype=np.int64).reshape(len(different), len(leaves))


def _within(rows: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return the reduced basis, modulo the prime, of the rows' span that is 0 outside `inside`."""
    order = np.concatenate([np.flatnonzero(~inside), np.flatnonzero(inside)])
    outside = int((~inside).sum())
    work = rows[:, order] % PRIME
    top = 0
    first = None
    for column in range(work.shape[1]):
        if column == outside:
            first = top
        candidates = np.flatnonzero(work[top:, column])
        if not len(candidates):
            continue
        pivot = top + candidates[0]
        work[[top, pivot]] = work[[pivot, top]]
        work[top] = work[top] * pow(int(work[top, column]), -1, PRIME) % PRIME
        others = np.flatnonzero(work[:, column])
        # rows above the first that is 0 outside need no reducing
        others = others[(others != top) & (others >= (first or 0))]
        if column < outside:
            others = others[others > top]
        factors = work[others, column]
        work[others] = (work[others] - factors[:, None] * work[top] % PRIME) % PRIME
        top += 1
        if top == len(work):
            break
    if first is None:
        first = top if work.shape[1] == outside or top == len(work) else 0
        first = top if not len(work) else first
    found = np.zeros((top - first, len(inside)), dtype=np.int64)
    found[:, order] = work[first:top]
    return found


def _connected(basis: np.ndarray) -> list[np.ndarray]:
    """Group rows that share a column."""
    if not len(basis):
        return []
    pattern = scipy.sparse.csr_matrix(basis != 0, dtype=np.int8).astype(np.int32)
    _, label = scipy.sparse.csgraph.connected_components(pattern @ pattern.T, directed=False)
    return [np.flatnonzero(label == number) for number in range(label.max() + 1)]


MOST_STEPS = 2_000_000
"""Steps after which the search for light unions gives up, with an error."""


def _light_sums(basis: np.ndarray, n: np.ndarray, min_n: int) -> list[np.ndarray]:
    """Find sums of basis rows that are 0 or 1 everywhere, on fewer than min_n respondents.

    The basis is reduced: its leading columns make a unit matrix, so in a sum that is 0 or 1
    everywhere each row occurs once or not at all. The search adds rows that can mend a column that
    is neither; a union that holds another one is not looked for.
    """
    return _Search(basis, n, min_n).found


class _Search:
    """Depth-first search for `_light_sums`."""

    def __init__(self, basis: np.ndarray, n: np.ndarray, min_n: int) -> None:
        single = np.count_nonzero(basis, axis=0) == 1
        pivots = [int(np.flatnonzero((row == 1) & single)[0]) for row in basis]
        used = np.flatnonzero(basis.any(axis=0))
        self._basis, self._columns = basis[:, used], used
        self._weight, self._n, self._min_n = n[pivots], n, min_n
        self._pivot = np.isin(used, pivots)
        self._steps = 0
        self.found: list[np.ndarray] = []
        free = np.ones(len(basis), dtype=bool)
        nothing = np.full(len(used), -1)
        for first in range(len(basis)):
            free[first] = False
            if self._weight[first] < min_n:
                weight = int(self._weight[first])
                self._grow(self._basis[first], weight, free.copy(), nothing)

    def _grow(self, total: np.ndarray, weight: int, free: np.ndarray, fixed: np.ndarray) -> None:
        """Go on from a sum of rows.

        Args:
            total: the sum, shape (columns,).
            weight: respondents that are in the union for certain.
            free: rows that may be added, shape (rows,).
            fixed: what the sum must be, 0 or 1, and -1 where it may be either, shape (columns,).

        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise ArithmeticError(f"too many combinations of {len(self._basis)} rows")
        wrong = np.flatnonzero((total > 1) | ((fixed >= 0) & (total != fixed)))
        if len(wrong):
            able = free & (self._weight < self._min_n - weight)
            mending = self._basis[:, wrong].astype(bool) & able[:, None]
            column = int(np.argmin(mending.sum(axis=0)))
            for row in np.flatnonzero(mending[:, column]):
                able[row] = False
                grown = (total + self._basis[row]) % PRIME
                self._grow(grown, weight + int(self._weight[row]), able.copy(), fixed)
            return
        if self._n[self._columns[total == 1]].sum() < self._min_n:
            union = np.zeros(len(self._n), dtype=np.int64)
            union[self._columns] = total
            self.found.append(union)
            return
        # too heavy: further rows may cancel a column that is 1 now
        fixed = fixed.copy()
        for column in np.flatnonzero((total == 1) & (fixed < 0) & ~self._pivot):
            if weight >= self._min_n:
                return
            fixed[column] = 0
            self._grow(total, weight, free, fixed.copy())
            fixed[column] = 1
            weight += int(self._n[self._columns[column]])
