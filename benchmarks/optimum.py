"""The cheapest suppression pattern of a table of counts, by integer programming with cuts.

Belongs here: the program that finds the least that hiding can cost; it shares nothing with the
protector. Does not belong here: what is promised (problem), what a pattern lacks (capacity_cuts,
cover_cuts), tables (instances), comparing (loss).

A binary variable per cell says whether it is hidden. A pattern is good enough when

- for every primary (1 to min_n - 1 respondents), a table exists that agrees with everything
  published, has at least one respondent in every leaf, and in which the primary is `reach` higher,
  and one in which it is `reach` lower (or as low as its leaves allow);
- with `unions`, no union of leaves with 1 to min_n - 1 respondents is a linear combination of
  published cells.

What a pattern lacks of the first is found by linear programming and becomes a *capacity cut*; what
it lacks of the second is found by exact elimination and becomes a *cover cut*: of the published
cells that combine to the union, one has to be hidden. The program is solved again with the cuts
until none is missing. Counts are not required to be whole in the attacker's tables, so the optimum
is never above that of a promise that asks for whole ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse
from capacity_cuts import Attacker
from cover_cuts import Unions
from problem import VIOLATED, Cut, Problem, pose, quiet

MOST_ROUNDS = 60
IDLE_ROUNDS = 4
"""Rounds of cuts before whole numbers are asked for: at most, and without a higher bound."""


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
        self._solver = quiet()
        size = len(problem.n)
        nothing = scipy.sparse.csr_matrix((0, size))
        lower = problem.primary.astype(float)
        pose(self._solver, self._costs, lower, np.ones(size), nothing)
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
            solver = quiet()
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
