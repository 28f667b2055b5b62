"""How far from the truth an attacker's interval must reach, and what more to hide until it does.

Belongs here: the demands on hidden numbers of respondents, and what they cost. Does not belong
here: demands on figures (figures), solving programs (bounds), exact recovery (layer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dagster_project.disclosure.block import Equation, Flags, Floats, Ints
from dagster_project.disclosure.bounds import Component, Polytope, cheapest_move
from dagster_project.disclosure.layer import Layer, spread
from dagster_project.disclosure.programs import SLACK


@dataclass
class Tally:
    """What the search cost: linear programs solved, and demands that nothing could meet."""

    programs: int = 0
    unmet: int = 0


@dataclass
class Respondents:
    """What answers have to do with how many responded.

    `answered`, shape (cells,), are the most who are known to have answered something whatever is
    decided now, as nobody answers who did not respond. `witnesses` are tables, shape (cells,) each,
    that show hidden numbers of respondents to be open: answers must agree with every one of them.
    """

    answered: Floats
    witnesses: list[Floats] = field(default_factory=list)

    def learn(self, cell: int, answered: float) -> bool:
        """Note that so many answered in a cell; say if that was not known."""
        new = answered > self.answered[cell] + SLACK
        self.answered[cell] = max(self.answered[cell], answered)
        return bool(new)


class Search:
    """The hidden cells of a group while demands on them are met, one component after another."""

    def __init__(
        self,
        layer: Layer,
        equations: Sequence[Equation],
        hidden: Flags,
        tally: Tally,
    ) -> None:
        """Start from what is hidden; what was stated before cannot be hidden any more."""
        self.hidden = hidden.copy()
        self.equations = equations
        self._tally = tally
        people = np.zeros(len(hidden))
        for measure in layer.measures:
            people[measure.cells] = np.maximum(people[measure.cells], measure.n)
        costs = np.maximum(1.0, np.log2(1.0 + people))
        fixed = layer.stated | ~(layer.block.current | layer.block.change)
        # a change is known or not with the cell of now that it leads to
        self._costs = np.where(fixed, np.inf, np.where(layer.block.change, 0.0, costs))
        self._open: dict[int, tuple[Component, Polytope]] = {}

    def polytope(self, component: Component) -> Polytope:
        """Build, or return, the polytope of a component under what is hidden now."""
        _, known = self._open.get(id(component), (component, None))
        if known is not None and np.array_equal(known.hidden, self.hidden):
            return known
        fresh = Polytope(component, self.equations, self.hidden.copy())
        if known is not None:  # what could be, still can when more is hidden
            fresh.least, fresh.most, fresh.witnesses = known.least, known.most, known.witnesses
        self._open[id(component)] = component, fresh
        return fresh

    def pursue(self, component: Component, cells: Ints | Sequence[int], goals: Floats) -> list[int]:
        """Look for witnesses in which each cell reaches its goal; return the cells without one."""
        polytope = self.polytope(component)
        before = polytope.programs
        failed = polytope.pursue((int(cell) for cell in cells), goals)
        self._tally.programs += polytope.programs - before
        return failed

    def moved(self, component: Component) -> Flags:
        """Cells, shape (cells,), with a witness that differs from the truth."""
        polytope = self.polytope(component)
        return np.asarray(polytope.most - polytope.least > SLACK)[: len(self.hidden)]

    def price(self, component: Component, cell: int, goal: float) -> tuple[float, Ints] | None:
        """Find the cells to hide so that a cell can reach a goal, and what they cost."""
        self._tally.programs += 1
        return cheapest_move(
            component, self.equations, self.hidden, costs=self._costs, aim=(cell, goal)
        )

    def make_room(self, component: Component, most: Floats) -> bool:
        """Hide what it takes that some table is nowhere above `most`; say if that can be."""
        if (component.values <= most + SLACK).all():
            return True
        polytope = self.polytope(component)
        before = polytope.programs
        has_room = polytope.has_room(most)
        self._tally.programs += polytope.programs - before
        if has_room:
            return True
        self._tally.programs += 1
        below = replace(component, ceiling=most)
        found = cheapest_move(below, self.equations, self.hidden, costs=self._costs)
        if found is not None:
            self.hidden[found[1]] = True
        return found is not None

    def lowest(self, component: Component, cell: int) -> float:
        """Bound from below what a cell can be if everything is hidden that still can be."""
        self._tally.programs += 1
        return self._most_open(component).limit(cell, upwards=False)

    def farthest(self, component: Component, cell: int, goal: float) -> float:
        """Find how near its goal a cell can come if everything is hidden that still can be."""
        polytope, truth = self._most_open(component), float(component.values[cell])
        upwards = goal > truth
        far = polytope.limit(cell, upwards=upwards)
        far = min(far, goal) if upwards else max(far, goal)
        step = -1.0 if upwards else 1.0
        while component.whole and abs(far - truth) > SLACK:
            if not polytope.pursue([cell], np.full(len(self.hidden), far)):
                break
            far += step
        self._tally.programs += polytope.programs
        return far

    def _most_open(self, component: Component) -> Polytope:
        return Polytope(component, self.equations, self.hidden | np.isfinite(self._costs))

    def insist(
        self, component: Component, cells: Ints | Sequence[int], *goals: Floats
    ) -> list[int]:
        """See to it that each cell can reach one of the goals, hiding what the cheapest takes.

        Returns:
            The cells that cannot, whatever is hidden.

        """
        failed = []
        for cell in self._without_any(component, cells, goals):
            if not self._without_any(component, [cell], goals):
                continue  # what was hidden for another serves this one too
            found = [self.price(component, cell, float(goal[cell])) for goal in goals]
            options = [option for option in found if option is not None]
            for _, hide in sorted(options, key=lambda option: option[0]):
                self.hidden[hide] = True
                if not self._without_any(component, [cell], goals):
                    break
            else:
                failed.append(cell)
        return failed

    def _without_any(
        self, component: Component, cells: Ints | Sequence[int], goals: Sequence[Floats]
    ) -> list[int]:
        left = [int(cell) for cell in cells]
        for goal in goals:
            left = self.pursue(component, left, goal)
        return left


def hide_for_respondents(
    layer: Layer, hidden: Flags, tally: Tally, *, respondents: Respondents
) -> Flags:
    """Hide more, so that no hidden number of respondents is known too closely.

    A small cell of n must be able to be as high as n + reach and as low as n - reach, see
    `Rules.reach`; any other hidden cell must be able to differ from the truth at all. Every cell
    holds somebody, since one without respondents has no row: so a cell cannot be lower than the
    number of leaves in it, and that is as low as one must be able to be. What follows from earlier
    releases is no secret any more.

    Args:
        layer: the base group.
        hidden: what is hidden so far, shape (cells,).
        tally: is added to.
        respondents: what answers tell; is given the tables which between them do all that.

    Returns:
        What is hidden then, shape (cells,).

    """
    people = spread(layer.block, layer.measures[0], layer.measures[0].n)
    reach = np.array([layer.rules.reach(int(n)) for n in people], dtype=float)
    search = Search(layer, layer.systems[0].bounded, hidden, tally)
    floor = np.maximum(fewest_respondents(layer), respondents.answered)
    counts = Component(people, whole=True, floor=floor)
    judged = _bounded(layer) & ~layer.systems[0].told
    small = np.flatnonzero(layer.small & hidden & judged)
    above, below = people + reach, np.maximum(floor, people - reach)
    failed = [*search.insist(counts, small, above), *search.insist(counts, small, below)]
    large = layer.asked & ~layer.small & ~layer.block.change & ~layer.systems[0].told
    others = np.flatnonzero(search.hidden & large & ~search.moved(counts))
    failed += search.insist(counts, others, people + 1.0, people - 1.0)
    tally.unmet += len(failed)
    respondents.witnesses = _needed(
        search.polytope(counts).witnesses,
        (small, above, below),
        np.flatnonzero(search.hidden & large),
        people,
    )
    return search.hidden


def _needed(
    tables: Sequence[Floats], far: tuple[Ints, Floats, Floats], near: Ints, truth: Floats
) -> list[Floats]:
    """Choose the tables that it takes to reach every goal; the first that does is taken.

    Args:
        tables: the candidates, shape (cells,) each.
        far: cells, and how high and how low they must be once, shape (all cells,).
        near: cells that must differ from the truth once.
        truth: the true table.

    """
    cells, above, below = far
    needed = []
    high, low, other = (np.ones(len(places), dtype=bool) for places in (cells, cells, near))
    for table in tables:
        higher = high & (table[cells] >= above[cells] - SLACK)
        lower = low & (table[cells] <= below[cells] + SLACK)
        differs = other & (np.abs(table[near] - truth[near]) > SLACK)
        if higher.any() or lower.any() or differs.any():
            needed.append(table)
            high, low, other = high & ~higher, low & ~lower, other & ~differs
    return needed


def fewest_respondents(layer: Layer) -> Floats:
    """Count the leaves with respondents in each cell: one person each is the least, (cells,).

    A change holds as many as there are leaves that had nobody before.
    """
    floor = np.zeros(len(layer.asked))
    floor[layer.measures[0].cells[layer.measures[0].n > 0]] = 1.0
    floor[layer.block.change] = 0.0
    while True:
        raised = floor.copy()
        for equation in layer.systems[0].bounded:
            parts = floor[list(equation.children)].sum()
            raised[equation.parent] = max(raised[equation.parent], parts)
            if len(equation.children) == 1:
                (child,) = equation.children
                raised[child] = max(raised[child], floor[equation.parent])
        if np.array_equal(raised, floor):
            return floor
        floor = raised


def _bounded(layer: Layer) -> Flags:
    """Cells of which bounds can be told: not changes in which somebody left, shape (cells,)."""
    grows = all(measure.grows for measure in layer.measures)
    return np.ones(len(layer.asked), dtype=bool) if grows else ~layer.block.change
