"""Searches a pattern that hides less than the one found by offering cells one by one.

Belongs here: the program that says which cells are best hidden, learning from what may not be
published. Does not belong here: what has to hold of a pattern (groups, respondents).

Which cells to hide is an integer program: a binary variable per candidate, and for each set of
published cells that reveals something the condition that one of them is hidden. There are too many
such sets to list, so the program starts with those that a single equation shows and learns the
others. Its answer is tried; whatever it reveals is hidden at the least cost, and is added as a
condition: as a *cover* where something follows exactly, as a *capacity cut* where an interval is
too narrow (Fischetti and Salazar, "Solving the cell suppression problem on tabular data with linear
constraints", Management Science 47, 2001). What is left after a trial keeps every promise, and the
cheapest pattern is kept. When an answer reveals nothing, no pattern is cheaper by more than `GAP`.

Every limit counts rounds, nodes or cells, none seconds: the pattern is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import highspy
import numpy as np

from dagster_project.disclosure.protect.blocks import Flags, Floats, Ints
from dagster_project.disclosure.protect.groups import Group, Pattern
from dagster_project.disclosure.protect.programs import FEASIBLE, make_solver
from dagster_project.disclosure.protect.respondents import RespondentDemands
from dagster_project.disclosure.protect.rules import SLACK
from dagster_project.disclosure.protect.take_back import take_back

ROUNDS = 16
"""Answers of the program that are tried."""

BALANCES = 6
"""Answers that are tried to hide fewer cells."""

MOST_CANDIDATES = 1500
"""Cells that may be hidden or not; with more of them no better pattern is searched."""

MOST_CONDITIONS = 1500
"""Conditions of the program; with more of them its answers take too long to be tried."""

GAP = 0.02
"""How far an answer of the program may be from the best one, relative to that."""

CLOSE = 0.0005
"""The same for a bound on what must be hidden."""

NODES = 1000
"""Nodes of the program after which its best answer so far is tried."""

FAR_OFF = 2
"""New conditions from which on the next answer is awaited before a pattern is made of one."""

DENOMINATOR = 5040
"""Duals are rounded to multiples of one over this: a cut is valid whatever the duals are."""

TRICKLE = 1e-3
"""How far published cells may move when a cut is looked for, in reaches: so it is a strong one."""

HALF = 0.5
"""From here on a binary variable is 1."""

Cut = tuple[tuple[int, ...], tuple[float, ...]]
"""Candidates and weights: the hidden ones weigh at least 1 together."""

CELLS = 0.25
"""What the number of cells counts for beside the number of respondents in them."""

TOLERATED = 0.05
"""How far either number may be from the least possible one if that helps the other."""


def improve(pattern: Pattern, demands: RespondentDemands) -> tuple[Pattern, RespondentDemands]:
    """Look for a pattern of the base group that hides fewer respondents, and fewer cells.

    The fewest respondents are looked for first. If their pattern hides more cells than it might,
    by more than is tolerated, one is looked for that is near the least in both.

    Args:
        pattern: keeps every promise.
        demands: what has to hold of it.

    Returns:
        The best pattern found, of which no secondary can be published, and the demands on it.

    """
    group = pattern.group
    secondary = pattern.hidden & group.candidates
    too_many = group.candidates.sum() > MOST_CANDIDATES
    needed = None
    if secondary.any() and not (too_many or pattern.unmet or group.block.comparisons):
        search = _Search(pattern, demands)
        search.descend()
        search.balance()
        pattern, demands, needed = search.pattern, search.demands, search.needed()
    take_back(pattern, demands, needed)
    return pattern, demands


class _Search:
    """The best pattern so far, and the program that looks for a better one."""

    def __init__(self, pattern: Pattern, demands: RespondentDemands) -> None:
        """Start from a pattern that keeps every promise."""
        self.pattern, self.demands = pattern, demands
        group = pattern.group
        self._worth = np.where(group.candidates, group.worth, 0).astype(float)
        cells, people = self._hidden(pattern)
        self._program = _Program(group, CELLS / cells + self._worth / max(1.0, people))
        self._cost = self._program.cost(pattern.hidden)

    def _hidden(self, pattern: Pattern) -> tuple[float, float]:
        """Count the secondaries of a pattern, and the respondents in them."""
        secondary = pattern.hidden & pattern.group.candidates
        return float(secondary.sum()), float(self._worth[secondary].sum())

    def descend(self) -> None:
        """Try answers of the program until none can be much better than the best pattern."""
        for last in (False,) * (ROUNDS - 1) + (True,):
            if self._program.is_too_large():
                break
            answer = self._program.solve()
            if answer is None or self._cost <= answer[1] * (1 + GAP):
                break
            if not self._try(answer[0], last=last):
                break

    def needed(self) -> Flags:
        """Which secondaries cannot be published, by the conditions learnt, shape (cells,)."""
        return self._program.needed(self.pattern.hidden)

    def balance(self) -> None:
        """Look for the fewest cells in a pattern that is near the least in respondents."""
        each = np.ones(len(self._worth))
        if self._program.is_too_large():
            return
        # a coarse bound does where little is hidden
        enough = self._program.least(each, whole=False)
        if self._hidden(self.pattern)[0] <= _tolerated(enough):
            return
        least = np.ceil(self._program.least(self._worth, whole=True) - SLACK)
        most = least * (1 + TOLERATED)
        for last in (False,) * (BALANCES - 1) + (True,):
            if self._program.is_too_large():
                break
            cells, _ = self._hidden(self.pattern)
            answer = self._program.solve(each, (self._worth, most))
            if answer is None or cells <= _tolerated(answer[1]):
                break
            if not self._try(answer[0], last=last, most=(cells - 1, most)):
                break

    def _try(self, wanted: Flags, *, last: bool, most: tuple[float, float] | None = None) -> int:
        """Make a pattern of an answer and keep it if it is better; return what was learnt.

        Args:
            wanted: candidates to hide, shape (cells,).
            last: whether to make one even if the answer is far off.
            most: cells and respondents that a better one hides at most; if it is not given, a
                better one costs less.

        """
        trial = self.pattern.copy()
        demands = self.demands.on(trial)
        new = self._program.learn(_revealed(trial, demands, wanted, self._program))
        if (new < FAR_OFF or last) and self._promises_kept(trial, demands):
            cost = self._program.cost(trial.hidden)
            cells, people = self._hidden(trial)
            if most is None:
                better = cost < self._cost - SLACK
            else:
                better = cells <= most[0] and people <= most[1] + SLACK
            if better:
                self._cost, self.pattern, self.demands = cost, trial, demands
        return new

    @staticmethod
    def _promises_kept(trial: Pattern, demands: RespondentDemands) -> bool:
        """Hide what it takes to keep every promise; say if that was possible."""
        tally = demands.tally
        before = tally.unmet
        demands.meet()
        unmet, tally.unmet = tally.unmet > before, before
        return not unmet and trial.unravel()


def _tolerated(least: float) -> float:
    """Return how many cells are few enough if this many must be hidden, or more."""
    return float(np.floor(np.ceil(least - SLACK) * (1 + TOLERATED) + SLACK))


def _revealed(
    pattern: Pattern, demands: RespondentDemands, wanted: Flags, program: _Program
) -> Iterator[Cut]:
    """Bring a pattern to the wanted one, and hide what follows exactly; yield what it lacks.

    Args:
        pattern: is changed.
        demands: what has to hold of it.
        wanted: candidates to hide, shape (cells,); the others are published.
        program: makes the cuts.

    """
    group = pattern.group
    pattern.hide(np.flatnonzero(wanted & ~pattern.hidden))
    pattern.tell(np.flatnonzero(group.candidates & pattern.hidden & ~wanted))
    for cells in pattern.unravelled():
        yield tuple(cells.tolist()), (1.0,) * len(cells)
    for cell, goal in demands.unreached():
        yield from program.capacity(demands, cell, goal)


class _Program:
    """The integer program of the base group, and its attacker's linear program."""

    def __init__(self, group: Group, costs: Floats) -> None:
        """Start with the conditions that single equations show; `costs` has shape (cells,)."""
        (self._system,) = group.systems
        self._group = group
        self._candidates = np.flatnonzero(group.candidates)
        self._column = np.full(group.block.size, -1)
        self._column[self._candidates] = np.arange(len(self._candidates))
        self._costs = costs[self._candidates]
        self._rows: list[tuple[float, Ints, Floats]] = []
        self._known: set[Cut] = set()
        self._attacker: highspy.Highs | None = None
        people, _ = self._system.people(group.rules)
        for parent, children in self._system.equations:
            cells = np.array([parent, *children.tolist()])
            self._learn_equation(cells[~self._system.empty[cells]], people[0])

    def _learn_equation(self, cells: Ints, people: Ints) -> None:
        """Hidden cells of an equation are known if there is one, and too few may be left of it.

        Args:
            cells: the total, and then its parts.
            people: respondents of every cell, shape (cells of the block,).

        """
        group = self._group
        fixed, able = cells[group.targets[cells]], cells[group.candidates[cells]]
        if len(fixed):
            left = group.rules.unions and cells[0] not in fixed
            if len(fixed) == 1 or (left and people[fixed].sum() < group.rules.min_n):
                self.learn([(tuple(able.tolist()), (1.0,) * len(able))])
        elif len(able) == len(cells):
            for cell in able:
                weights = np.where(able == cell, -1.0, 1.0)
                self._rows.append((0.0, self._column[able], weights))

    def learn(self, cuts: Iterable[Cut]) -> int:
        """Add conditions; return how many of them are new."""
        before = len(self._known)
        for cut in cuts:
            cells, weights = cut
            if cells and cut not in self._known:
                self._known.add(cut)
                self._rows.append((1.0, self._column[list(cells)], np.array(weights)))
        return len(self._known) - before

    def is_too_large(self) -> bool:
        """Whether there are more conditions than `MOST_CONDITIONS`."""
        return len(self._rows) > MOST_CONDITIONS

    def cost(self, hidden: Flags) -> float:
        """Say what hiding these cells costs, shape (cells,)."""
        return float(self._costs[hidden[self._candidates]].sum())

    def needed(self, hidden: Flags) -> Flags:
        """Which of these cells, shape (cells,), a condition asks for that is met barely."""
        here = hidden[self._candidates]
        found = np.zeros(len(hidden), dtype=bool)
        for low, columns, weights in self._rows:
            if low > 0:
                over = weights[here[columns]].sum() - low
                found[self._candidates[columns[weights > over + SLACK]]] = True
        return found & hidden

    def least(self, costs: Floats, *, whole: bool) -> float:
        """Bound from below what must be paid if cells cost this, shape (cells,).

        The bound is coarse if cells can be hidden in part, and not `whole`.
        """
        answer = self._solved(costs[self._candidates], self._rows, whole=whole, gap=CLOSE)
        return 0.0 if answer is None else answer[1]

    def solve(
        self, costs: Floats | None = None, within: tuple[Floats, float] | None = None
    ) -> tuple[Flags, float] | None:
        """Return the cells that are best hidden, shape (cells,), and what must be paid at least.

        Args:
            costs: what hiding a cell costs, shape (cells,), if it is not the usual.
            within: other costs, shape (cells,), and how much of them may be paid at most.

        """
        chosen = self._costs if costs is None else costs[self._candidates]
        if within is None:
            return self._solved(chosen, self._rows)
        others = within[0][self._candidates].astype(float)
        limit = (-within[1], np.arange(len(others)), -others)
        return self._solved(chosen, [*self._rows, limit])

    def _solved(
        self,
        costs: Floats,
        rows: list[tuple[float, Ints, Floats]],
        *,
        whole: bool = True,
        gap: float = GAP,
    ) -> tuple[Flags, float] | None:
        """Solve the program: the answer, shape (cells,), and a bound; None without an answer."""
        if not rows:
            return None
        count = len(self._candidates)
        nothing, no_limit = np.zeros(count), np.full(len(rows), highspy.kHighsInf)
        matrix = (
            np.repeat(np.arange(len(rows)), [len(columns) for _, columns, _ in rows]),
            np.concatenate([columns for _, columns, _ in rows]),
            np.concatenate([weights for _, _, weights in rows]),
        )
        # a new solver each time: solved again, HiGHS 1.16 may lose a constant of the objective
        least = np.array([low for low, _, _ in rows])
        solver = make_solver(costs, (nothing, np.ones(count)), (least, no_limit), matrix)
        if whole:
            every = np.arange(count, dtype=np.int32)
            kinds = np.full(count, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
            solver.changeColsIntegrality(count, every, kinds)
        solver.setOptionValue("mip_rel_gap", gap)
        solver.setOptionValue("mip_max_nodes", NODES)
        solver.run()
        information = solver.getInfo()
        if information.primal_solution_status != FEASIBLE:
            return None
        bound = information.mip_dual_bound if whole else information.objective_function_value
        hidden = np.zeros(self._group.block.size, dtype=bool)
        hidden[self._candidates] = np.asarray(solver.getSolution().col_value) > HALF
        return hidden, float(bound)

    def capacity(self, demands: RespondentDemands, cell: int, goal: float) -> Iterator[Cut]:
        """Say what must be hidden so that a small cell can be as far from the truth as its goal.

        How far it moves is the sum over all cells of a slope times how far that one moves, with
        slopes from the duals of the attacker's program. Published cells do not move, hidden ones
        can fall no lower than their least, so enough of those with a slope must be hidden.
        """
        hidden, candidates = demands.pattern.hidden, self._group.candidates
        step = goal - float(demands.people[cell])
        sign, reach = float(np.sign(step)), abs(step)
        room = np.maximum(demands.people - demands.floor, 0.0)
        little = np.where(candidates, TRICKLE * reach, 0.0)
        least = np.where(hidden, -room, -np.minimum(room, little))
        most = np.where(hidden, highspy.kHighsInf, little)
        least[cell], most[cell] = max(least[cell], -reach), min(most[cell], reach)
        slopes = self._slopes(cell, sign, least, most)
        weights = np.where(slopes > 0, reach, np.minimum(-slopes * room, reach))
        weights[slopes == 0] = 0.0
        weights[cell] = min(abs(slopes[cell]), 1.0) * reach
        rest = reach - weights[self._group.targets].sum()
        chosen = np.flatnonzero((weights > SLACK) & candidates)
        if rest > SLACK and weights[chosen][hidden[chosen]].sum() < rest - SLACK:
            yield tuple(chosen.tolist()), tuple(np.minimum(weights[chosen] / rest, 1.0).tolist())

    def _slopes(self, cell: int, sign: float, least: Floats, most: Floats) -> Floats:
        """Move a cell as far as it goes within bounds; shape (cells,)."""
        equations = self._system.equations
        row, column, value = equations.entries
        if self._attacker is None:
            sums, moves = np.zeros(len(equations)), np.zeros(equations.size)
            self._attacker = make_solver(moves, (moves, moves), (sums, sums), equations.entries)
        solver, every = self._attacker, np.arange(len(least), dtype=np.int32)
        solver.changeColsBounds(len(every), every, least, most)
        solver.changeColCost(cell, -sign)
        solver.run()
        duals = -np.asarray(solver.getSolution().row_dual)
        solver.changeColCost(cell, 0.0)
        duals = np.rint(duals * DENOMINATOR) / DENOMINATOR
        slopes = -np.bincount(column, value * duals[row], equations.size)
        slopes[cell] += sign
        slopes[np.abs(slopes) < 0.5 / DENOMINATOR] = 0.0
        return np.asarray(slopes)
