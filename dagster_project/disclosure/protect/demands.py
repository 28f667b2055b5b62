"""How far from the truth an attacker's interval must reach, and what more to hide until it does.

Belongs here: the demands on hidden numbers of respondents, and what they cost. Does not belong
here: demands on figures (figures), solving programs (bounds), exact recovery (choice).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dagster_project.disclosure.protect.bounds import (
    Component,
    Directions,
    Polytope,
    added_since,
    cheapest_move,
)
from dagster_project.disclosure.protect.choice import Layer
from dagster_project.disclosure.protect.elimination import Equation
from dagster_project.disclosure.protect.rules import SLACK, Flags, Floats, Ints


@dataclass
class Tally:
    """What the search cost: linear programs solved, and demands that nothing could meet."""

    programs: int = 0
    unmet: int = 0


class NotSafeError(Exception):
    """A demand is not met by what is hidden, and nothing more may be."""


class Search:
    """The hidden cells of a group while demands on them are met, one component after another."""

    def __init__(
        self,
        layer: Layer,
        equations: Sequence[Equation],
        tally: Tally,
        directions: Directions,
    ) -> None:
        """Begin with nothing hidden; what is decided as published cannot be hidden any more."""
        self.hidden = np.zeros(layer.block.size, dtype=bool)
        self.directions = directions
        self.equations = equations
        self.only_check = False
        """Raise `NotSafeError` where more would have to be hidden."""
        self._tally = tally
        self._costs = layer.costs
        self._open: dict[int, tuple[Component, Polytope]] = {}

    def polytope(self, component: Component) -> Polytope:
        """Build, or return, the polytope of a component under what is hidden now."""
        _, known = self._open.get(id(component), (component, None))
        if known is not None and np.array_equal(known.hidden, self.hidden):
            return known
        fresh = Polytope(component, self.equations, self.hidden.copy())
        if known is not None:  # what could be, still can if it moves nothing that is published
            fresh.adopt(known.witnesses)
        fresh.explore(self.directions)
        self._open[id(component)] = component, fresh
        return fresh

    def pursue(self, component: Component, cells: Ints | Sequence[int], goals: Floats) -> list[int]:
        """Look for witnesses in which each cell reaches its goal; return the cells without one."""
        polytope = self.polytope(component)
        before = polytope.programs
        seen = len(polytope.witnesses)
        failed = polytope.pursue((int(cell) for cell in cells), goals)
        self._tally.programs += polytope.programs - before
        if component.whole:
            size = len(self.hidden)
            for table in polytope.witnesses[seen:]:
                self.directions.learn(table[:size] - component.values)
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
        if any((table[: len(most)] <= most + SLACK).all() for table in polytope.witnesses):
            return True
        before = polytope.programs
        has_room = polytope.has_room(most)
        self._tally.programs += polytope.programs - before
        if has_room:
            return True
        if self.only_check:
            raise NotSafeError
        self._tally.programs += 1
        below = replace(component, ceiling=most)
        found = cheapest_move(below, self.equations, self.hidden, costs=self._costs)
        if found is not None:
            self.hidden[found[1]] = True
        return found is not None

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
            if self.only_check:
                raise NotSafeError
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


class Respondents:
    """The demands on the hidden numbers of respondents of a block.

    A small cell of n must be able to be as high as n + reach and as low as n - reach, see
    `Rules.reach`; any other hidden cell must be able to differ from the truth at all. Every cell
    holds somebody, since one without respondents has no row: so a cell cannot be lower than the
    number of leaves in it, and that is as low as one must be able to be.

    `witnesses` are tables, shape (cells,) each, that between them show all that: who answered must
    agree with every one of them.
    """

    def __init__(self, layer: Layer, tally: Tally, directions: Directions) -> None:
        """Pose the table of respondents; nothing is hidden yet."""
        self.layer, self._tally = layer, tally
        base = layer.measures[0]
        self.people = base.spread(layer.block.size, base.n)
        self.floor = fewest_respondents(layer)
        counts = Component(self.people, whole=True, floor=self.floor)
        self.counts = added_since(counts, layer.vintages, layer.fixed)
        self.witnesses: list[Floats] = []
        self.search = Search(layer, layer.systems[0].equations, tally, directions)
        reach = np.array([layer.rules.reach(int(n)) for n in self.people], dtype=float)
        self._above, self._below = self.people + reach, np.maximum(self.floor, self.people - reach)

    def hide(self, hidden: Flags) -> Flags:
        """Hide more, so that no hidden number of respondents is known too closely."""
        layer, search, people = self.layer, self.search, self.people
        search.hidden = hidden.copy()
        small = np.flatnonzero(layer.small & hidden)
        failed = [
            *search.insist(self.counts, small, self._above),
            *search.insist(self.counts, small, self._below),
        ]
        large = layer.asked & ~layer.small
        others = np.flatnonzero(search.hidden & large & ~search.moved(self.counts))
        failed += search.insist(self.counts, others, people + 1.0, people - 1.0)
        self._tally.unmet += len(failed)
        self.witnesses = _needed(
            search.polytope(self.counts).witnesses,
            (small, self._above, self._below),
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
    """Count the leaves with respondents in each cell: one person each is the least, (cells,)."""
    floor = np.zeros(len(layer.asked))
    floor[layer.measures[0].cells[layer.measures[0].n > 0]] = 1.0
    while True:
        raised = floor.copy()
        for equation in layer.systems[0].equations:
            parts = floor[list(equation.children)].sum()
            raised[equation.parent] = max(raised[equation.parent], parts)
            if len(equation.children) == 1:
                (child,) = equation.children
                raised[child] = max(raised[child], floor[equation.parent])
        if np.array_equal(raised, floor):
            return floor
        floor = raised
