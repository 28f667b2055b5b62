"""How far an attacker's interval for respondents reaches, and what more to hide until it does.

Belongs here: the demands on hidden numbers of respondents, and the tables of one group that meet
demands. Does not belong here: demands on figures (figures), solving programs (bounds), exact
recovery (groups).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dagster_project.disclosure.protect.blocks import Equations, Flags, Floats, Ints
from dagster_project.disclosure.protect.bounds import Component, Polytope, Space
from dagster_project.disclosure.protect.changes import Changes
from dagster_project.disclosure.protect.differences import Growth
from dagster_project.disclosure.protect.groups import Group, Pattern, spread
from dagster_project.disclosure.protect.repairs import cheapest_move
from dagster_project.disclosure.protect.rules import SLACK


@dataclass
class Tally:
    """What the search cost: linear programs solved, and demands that nothing could meet."""

    programs: int = 0
    unmet: int = 0


def rounds(pattern: Pattern) -> Iterator[int]:
    """Go round until a round hides nothing more."""
    before, number = -1, 0
    while before != int(pattern.hidden.sum()):
        before = int(pattern.hidden.sum())
        yield number
        number += 1


class Tables:
    """The tables that agree with what is published of one system, one component after another.

    Demands are met by hiding more (`insist`, `make_room` with `repair`), or are only looked at.
    """

    def __init__(self, pattern: Pattern, index: int, tally: Tally) -> None:
        """Take system `index` of a group's pattern."""
        self.pattern, self.tally = pattern, tally
        self.equations = pattern.group.systems[index].equations
        self._index, self._tableau = index, pattern.tableaux[index]
        fixed = pattern.group.told
        costs = np.maximum(1.0, np.log2(1.0 + pattern.group.worth))
        self._costs = np.where(fixed, np.inf, costs)
        self._open: dict[int, tuple[Component, Polytope]] = {}
        self._space: tuple[bytes, Space, dict[int, Space]] | None = None

    @property
    def hidden(self) -> Flags:
        """What is hidden now, shape (cells,)."""
        return self.pattern.hidden

    def known_with(self, cells: Iterable[int]) -> Flags:
        """Which cells follow from what is published and these cells besides, shape (cells,)."""
        tableau = self._tableau.copy()
        for cell in cells:
            tableau.tell(cell)
        return tableau.known()

    def remember(self) -> dict[int, tuple[Component, Polytope]]:
        """Return what is known of the tables now, for `forget`."""
        return dict(self._open)

    def forget(self, remembered: dict[int, tuple[Component, Polytope]]) -> None:
        """Go back to what was known before."""
        self._open = remembered

    def space(self, component: Component) -> Space:
        """Return the changes to a component that keep what is published."""
        key = self.hidden.tobytes()
        if self._space is None or self._space[0] != key:
            self._space = key, Space(Changes.of(self._tableau.directions())), {}
        _, alone, linked = self._space
        if component.tied is None:
            return alone
        if id(component.tied) not in linked:
            linked[id(component.tied)] = component.tied.space(self._tableau, alone)
        return linked[id(component.tied)]

    def polytope(self, component: Component) -> Polytope:
        """Build, or return, the polytope of a component under what is hidden now."""
        _, known = self._open.get(id(component), (component, None))
        if known is not None and np.array_equal(known.hidden, self.hidden):
            return known
        space, hidden = self.space(component), self.hidden.copy()
        fresh = known.after(hidden, space) if known else Polytope(component, hidden, space)
        self._open[id(component)] = component, fresh
        return fresh

    def pursue(self, component: Component, cells: Ints | Sequence[int], goals: Floats) -> list[int]:
        """Look for witnesses in which each cell reaches its goal; return the cells without one."""
        if not len(cells):
            return []
        polytope = self.polytope(component)
        before = polytope.programs
        failed = polytope.pursue((int(cell) for cell in cells), goals)
        self.tally.programs += polytope.programs - before
        return failed

    def moved(self, component: Component) -> Flags:
        """Cells, shape (cells,), with a witness that differs from the truth."""
        polytope = self.polytope(component)
        return np.asarray(polytope.most - polytope.least > SLACK)[: len(self.hidden)]

    def price(self, component: Component, cell: int, goal: float) -> tuple[float, Ints] | None:
        """Find the cells to hide so that a cell can reach a goal, and what they cost."""
        self.tally.programs += 1
        return cheapest_move(
            component, self.equations, self.hidden, costs=self._costs, aim=(cell, goal)
        )

    def make_room(self, component: Component, most: Floats, *, repair: bool) -> bool:
        """See whether some table is nowhere above `most`, hiding what it takes; say if so."""
        if (component.values <= most + SLACK).all():
            return True
        polytope = self.polytope(component)
        before = polytope.programs
        has_room = polytope.has_room(most)
        self.tally.programs += polytope.programs - before
        if has_room or not repair:
            return has_room
        self.tally.programs += 1
        below = replace(component, ceiling=most)
        found = cheapest_move(below, self.equations, self.hidden, costs=self._costs)
        if found is not None:
            self.pattern.hide(found[1])
        return found is not None

    def farthest(self, component: Component, cell: int, goal: float) -> float:
        """Find how near its goal a cell can come if everything is hidden that still can be."""
        widest, truth = self._with_all_hidden(), component.values[cell]
        polytope = Polytope(component, widest.hidden, widest.space(component))
        upwards = goal > truth
        far = polytope.limit(cell, upwards=upwards)
        far = min(far, goal) if upwards else max(far, goal)
        step = -1.0 if upwards else 1.0
        while component.whole and abs(far - truth) > SLACK:
            if not polytope.pursue([cell], np.full(len(self.hidden), far)):
                break
            far += step
        self.tally.programs += polytope.programs
        return float(far)

    def _with_all_hidden(self) -> Tables:
        """Return the same when everything is hidden that still can be."""
        pattern = self.pattern.copy()
        pattern.hide(np.flatnonzero(pattern.group.candidates))
        return Tables(pattern, self._index, self.tally)

    def insist(
        self, component: Component, cells: Ints | Sequence[int], *goals: Floats, repair: bool
    ) -> list[int]:
        """See whether each cell can reach one of the goals, hiding what the cheapest takes.

        Returns:
            The cells that cannot; with `repair`, whatever is hidden.

        """
        failed = []
        for cell in self.without_any(component, cells, goals, all_=repair):
            if not repair:
                return [cell]
            if not self.without_any(component, [cell], goals):
                continue  # what was hidden for another serves this one too
            found = [self.price(component, cell, float(goal[cell])) for goal in goals]
            options = [option for option in found if option is not None]
            for _, hide in sorted(options, key=lambda option: option[0]):
                self.pattern.hide(hide)
                if not self.without_any(component, [cell], goals):
                    break
            else:
                failed.append(cell)
        return failed

    def without_any(
        self,
        component: Component,
        cells: Ints | Sequence[int],
        goals: Sequence[Floats],
        *,
        all_: bool = True,
    ) -> list[int]:
        """Return the cells that can reach none of the goals, all or the first of them."""
        if not len(cells):
            return []
        polytope = self.polytope(component)
        before = polytope.programs
        left = polytope.stir([int(cell) for cell in cells], goals)
        for part in [left] if all_ else [[cell] for cell in left]:
            left = part
            for goal in goals:
                left = polytope.pursue(left, goal)
            if left:
                break
        self.tally.programs += polytope.programs - before
        return left


@dataclass
class RespondentDemands:
    """The demands on hidden numbers of respondents of the base group.

    A small cell of n must be able to be as high as n + reach and as low as n - reach, see
    `Rules.reach`; any other hidden cell must be able to differ from the truth at all. Every cell
    holds somebody, since one without respondents has no row: so a cell cannot be lower than the
    number of leaves in it, and that is as low as one must be able to be. The same is asked of a
    cell that has grown by few since an earlier vintage, where a reader believes that nobody was
    lost: of the growth, which cannot be lower than the number of leaves that are new in it.

    `answers` are the fewest who answered any question, shape (cells,). A table in which nowhere
    more than these are missing fits every group, as those who are missing can be taken from all
    questions alike; so such tables are looked for first.
    """

    pattern: Pattern
    tally: Tally
    answers: Floats
    _waived: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        group = self.pattern.group
        measure = group.measures[0]
        self.people = spread(measure, measure.n, group.block.size)
        reach = self._reach(self.people)
        floor = self.floor = fewest_respondents(group)
        self._judged = group.asked & (self.people > 0)
        self._small = group.small & ~group.told
        near = np.where(self._small, reach, np.where(self._judged, 1.0, 0.0))
        fitting = np.maximum(floor, self.people - self.answers)
        self._tables = [
            Growth.since(
                Component(self.people, floor=least, reach=near),
                group.block.comparisons,
                group.kept,
                totals=True,
            )
            for least in (fitting, floor)
        ]
        self._fractions = replace(self._tables[1], whole=False)
        self.tables = Tables(self.pattern, 0, self.tally)
        values = self.people
        if self._growth is not None:
            grown = self._growth.values
            few = (grown >= 1) & (grown < group.rules.min_n)
            values, floor = np.concatenate([values, grown]), np.concatenate([floor, self._newest()])
            self._judged = np.concatenate([self._judged, few])
            self._small = np.concatenate([self._small, few])
            reach = self._reach(values)
        self._truth = values
        self._above, self._below = values + reach, np.maximum(floor, values - reach)

    @property
    def _growth(self) -> Growth | None:
        """How much every cell grew since earlier vintages, numbered on behind the cells."""
        tied = self._tables[1].tied
        return tied if isinstance(tied, Growth) else None

    def _reach(self, people: Floats) -> Floats:
        rules = self.pattern.group.rules
        return np.array([rules.reach(int(n)) for n in people], dtype=float)

    def _newest(self) -> Floats:
        """Count the new leaves in what grew: one person each is the least, shape (growth,)."""
        group = self.pattern.group
        comparisons = group.block.comparisons
        found = []
        for comparison in comparisons:
            new = np.zeros(group.block.size)
            new[comparison.is_new] = 1.0
            found.append(summed(new, group.systems[0].equations))
        both = [new[one.in_both[:, 0]] for new, one in zip(found, comparisons, strict=True)]
        totals = [new[one.totals[:, 0]] for new, one in zip(found, comparisons, strict=True)]
        return np.concatenate([*both, *totals])

    @property
    def _open(self) -> Flags:
        """Which cells are hidden, and of which the growth is unknown."""
        hidden = self.pattern.hidden
        if self._growth is None:
            return hidden
        changes = self.pattern.tableaux[0].directions()
        after, before = self._growth.pairs.T
        moved = (changes[:, after] != changes[:, before]).any(axis=0)
        return np.concatenate([hidden, moved])

    def meet(self) -> None:
        """Hide more until all demands are met; those that cannot be are counted as unmet."""
        for _ in rounds(self.pattern):
            for name, cells, goals in self._wanted():
                failed = self._insist(cells, goals, repair=True)
                self._waived.update((name, cell) for cell in failed)
                self.tally.unmet += len(failed)

    def forgive_nothing(self) -> None:
        """Ask again for what could not be met before."""
        self._waived.clear()

    def hold(self) -> bool:
        """Whether all demands are met by what is hidden now."""
        remembered = self.tables.remember()
        if next(self.unreached(), None) is not None:  # far cheaper than whole numbers
            self.tables.forget(remembered)
            return False
        for _, cells, goals in self._wanted():
            if self._insist(cells, goals, repair=False):
                self.tables.forget(remembered)
                return False
        return True

    def on(self, pattern: Pattern) -> RespondentDemands:
        """Make the same demands on another pattern, with what is known of tables by now."""
        other = RespondentDemands(pattern, self.tally, self.answers)
        other._tables, other._fractions = self._tables, self._fractions
        other.tables.forget(self.tables.remember())
        return other

    def unreached(self) -> Iterator[tuple[int, float]]:
        """Yield the small cells, and the goals, that not even tables of fractions reach."""
        counts = self._tables[1]
        for _, cells, (goal, *others) in self._wanted():
            if not others:
                known = self.tables.polytope(counts)
                left = [cell for cell in cells if not known.reached(int(cell), goal)]
                for cell in self.tables.pursue(self._fractions, left, goal):
                    yield cell, float(goal[cell])

    def _insist(self, cells: Ints, goals: Sequence[Floats], *, repair: bool) -> list[int]:
        fitting, counts = self._tables
        left = self.tables.without_any(fitting, cells, goals)
        return self.tables.insist(counts, left, *goals, repair=repair) if left else []

    def _wanted(self, *, waived: bool = False) -> Iterator[tuple[str, Ints, Sequence[Floats]]]:
        """List the demands: name, cells, and goals of which one is to be reached.

        With `waived`, those too that could not be met.
        """
        for name, flags, goals in (
            ("above", self._small, [self._above]),
            ("below", self._small, [self._below]),
            ("other", ~self._small, [self._truth + 1.0, self._truth - 1.0]),
        ):
            cells = np.flatnonzero(self._open & self._judged & flags)
            if not waived:
                cells = cells[[(name, int(cell)) not in self._waived for cell in cells]]
            yield name, cells, goals

    def witnesses(self) -> list[Witness]:
        """Choose tables that between them show every demand to be met; the first ones are taken."""
        changes = Changes.of(self.pattern.tableaux[0].directions())
        people = Component(self.people, floor=self.floor)
        tables = np.concatenate([self.tables.polytope(c).tables() for c in self._tables])
        shown: dict[int, dict[int, float]] = {}
        if not len(tables):
            return []
        for _, cells, goals in self._wanted(waived=True):
            there, truth = tables[:, cells], self._truth[cells]
            aims = np.array([goal[cells] for goal in goals])[:, None]
            met = np.where(aims > truth, there >= aims - SLACK, there <= aims + SLACK)
            first = met.any(axis=0).argmax(axis=0)
            for at, cell in enumerate(cells.tolist()):
                if met[:, first[at], at].any():
                    goal = float(aims[met[:, first[at], at].argmax(), 0, at])
                    shown.setdefault(int(first[at]), {})[cell] = goal
        return [
            Witness(tables[at, : len(self.people)], shown[at], people, changes)
            for at in sorted(shown)
        ]


@dataclass(frozen=True)
class Witness:
    """A table of respondents that shows some demands to be met.

    `table` has shape (cells,); `shown` are the cells, or growths behind them, that reach a goal;
    `people` and `changes` are the true table and the changes that keep what is published.
    """

    table: Floats
    shown: Mapping[int, float]
    people: Component
    changes: Changes

    @property
    def shows_growth(self) -> bool:
        """Whether it shows demands on growth since an earlier vintage."""
        return max(self.shown) >= len(self.table)

    def is_met_beside(self, n: Floats, among: Flags, changes: Changes) -> bool:
        """Whether tables of respondents and of those who answered together meet its demands.

        Args:
            n: those who answered, shape (cells,).
            among: where they are among the respondents, shape (cells,).
            changes: the changes to n that keep what is published.

        """
        truth, size = self.people.values, len(n)
        values = np.concatenate([truth, n, np.where(among, truth - n, 0.0)])
        least = np.concatenate([self.people.least, np.zeros(size), np.where(among, 0.0, -np.inf)])
        more, answered = self.changes, changes
        silent = Changes(more.row, more.figure + 2 * size, more.size)
        less = Changes(answered.row, answered.figure + 2 * size, -answered.size)
        answered = Changes(answered.row, answered.figure + size, answered.size)
        space = Space(more.beside(silent).and_then(answered.beside(less)))
        tables = Polytope(Component(values, floor=least), least < values, space)
        goals = values.copy()
        cells = [cell for cell in self.shown if cell < size]
        goals[cells] = [self.shown[cell] for cell in cells]
        rising = [cell for cell in cells if goals[cell] > values[cell]]
        falling = [cell for cell in cells if goals[cell] <= values[cell]]
        return not (tables.pursue(rising, goals) or tables.pursue(falling, goals))


def fewest_respondents(group: Group) -> Floats:
    """Count the leaves with respondents in each cell: one person each is the least, (cells,)."""
    floor = np.zeros(group.block.size)
    floor[group.measures[0].cells[group.measures[0].n > 0]] = 1.0
    return summed(floor, group.systems[0].equations)


def summed(floor: Floats, equations: Equations) -> Floats:
    """Raise what each cell is at least to what its parts are at least together, (cells,)."""
    single = np.bincount(equations.of, minlength=len(equations)) == 1
    alone = equations.children[single[equations.of]]
    while True:
        raised = floor.copy()
        np.maximum.at(raised, equations.parents, equations.sums(floor))
        np.maximum.at(raised, alone, floor[equations.parents[single]])
        if np.array_equal(raised, floor):
            return floor
        floor = raised
