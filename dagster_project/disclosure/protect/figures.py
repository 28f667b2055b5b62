"""The demands on figures: n, sums and means of hidden cells, and what more to hide for them.

Belongs here: judging what witnesses show of a measure, repairs, and what answers have to do with
respondents. Does not belong here: demands on the number of respondents (demands), the components of
a measure (components).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dagster_project.disclosure.protect.blocks import Block, Measure
from dagster_project.disclosure.protect.bounds import Component, Directions, Tied, added_since
from dagster_project.disclosure.protect.choice import Layer, System, is_small
from dagster_project.disclosure.protect.components import (
    LIGHTEST,
    components_of,
    goals,
    lowest_net,
)
from dagster_project.disclosure.protect.demands import NotSafeError, Respondents, Search, Tally
from dagster_project.disclosure.protect.elimination import Equation
from dagster_project.disclosure.protect.rules import SLACK, Flags, Floats, Ints


class Figures:
    """The demands on the hidden figures of a group.

    The n and the sum of every hidden cell must be able to differ from the truth, and the mean of a
    small cell by `mean_share` of its scale. As nobody answers who did not respond, n must leave the
    number of respondents as open as it was: with each of its witnesses there must be a table of n
    that is nowhere larger.
    """

    def __init__(self, layer: Layer, respondents: Respondents, tally: Tally) -> None:
        """Pose the tables of a group other than the base; nothing is hidden yet."""
        self._respondents, self._tally = respondents, tally
        directions = respondents.search.directions
        self.systems = [_OfSystem(layer, system, tally, directions) for system in layer.systems]

    @property
    def searches(self) -> list[Search]:
        """The searches on its systems."""
        return [system.search for system in self.systems]

    def hide(self, hidden: Flags) -> Flags:
        """Hide more, so that no hidden figure of the group is known too closely."""
        for system in self.systems:
            system.search.hidden = hidden.copy()
            for figure in system.figures:
                figure.protect()
            for people, compared in system.parts:
                for witness in self._respondents.witnesses:
                    most = np.where(compared, witness[: len(compared)], np.inf)
                    if _follows(people.values, witness, self._respondents.people, hidden):
                        continue
                    if not system.search.make_room(people, most):
                        above = np.flatnonzero(people.values > most + SLACK)
                        self._tally.unmet += len(system.search.insist(people, above, most))
            hidden = system.search.hidden
        return hidden


def _follows(n: Floats, witness: Floats, people: Floats, hidden: Flags) -> bool:
    """Whether n can change as the respondents do, so that as many do not answer as before."""
    change = witness[: len(n)] - people
    return bool((n + change >= -SLACK).all() and not change[~hidden].any())


class _OfSystem:
    """The figures of a system, and the tables of those who answered."""

    def __init__(self, layer: Layer, system: System, tally: Tally, directions: Directions) -> None:
        self.search = Search(layer, system.equations, tally, directions)
        self.figures: list[_Figure] = []
        self.parts: list[tuple[Component, Flags]] = []
        answered: dict[tuple[bytes, bool], Answerers] = {}
        for measures in _by_name(system.measures):
            first = measures[0]
            key = first.n.tobytes(), first.kind == "count"
            if key not in answered:
                answered[key] = Answerers(layer, first, system.equations)
                if is_part(layer.block, first):
                    people = Component(first.spread(layer.block.size, first.n), whole=True)
                    self.parts.append((people, _compared(layer.block, first)))
            self.figures.append(_Figure(layer, measures, self.search, tally, answered[key]))


def is_part(block: Block, measure: Measure) -> bool:
    """Whether those counted are among the respondents of their cell.

    Who answers a question is. Who answered an invitation is counted in the cell of that, so it has
    to be seen; a reader sees it wherever both numbers are published.
    """
    if measure.kind != "count":
        return True
    listed = np.zeros(block.size, dtype=bool)
    listed[np.intersect1d(measure.cells, block.base.cells)] = True
    return bool(_compared(block, measure)[listed].all())


def _compared(block: Block, measure: Measure) -> Flags:
    """Cells in which those counted are among the respondents, shape (cells,)."""
    listed = np.zeros(block.size, dtype=bool)
    listed[block.base.cells] = True
    return np.asarray(listed & (measure.spread(block.size, measure.n) <= block.respondents))


class Answerers:
    """How many answered, by cell, with what is known of them from those who responded.

    `most`, shape (cells,), is the number of respondents where it is published, else infinite: no
    more of them can have answered. `alone` is the table by itself. Those who responded and did not
    answer add up as the others do, so `linked` is the table together with theirs.
    """

    def __init__(self, layer: Layer, measure: Measure, equations: Sequence[Equation]) -> None:
        """Pose the tables of one measure."""
        self._layer, self._measure, self._equations = layer, measure, equations
        block = layer.block
        self.n = measure.spread(block.size, measure.n)
        self.most = np.full(block.size, np.inf)
        if is_part(block, measure):
            published = _compared(block, measure) & ~layer.below
            self.most[published] = block.respondents[published]
            alone = Component(self.n, whole=True, ceiling=self.most)
        else:
            alone = Component(self.n, whole=True)
        self.pairs = [(a, b) for a, b in layer.vintages if {a, b} <= set(measure.cells.tolist())]
        self.alone = added_since(alone, self.pairs, layer.fixed)
        self._without_growth = alone

    def tables(self, cells: Ints) -> Iterator[tuple[Component, Ints]]:
        """Say by which table to judge each cell: where the respondents are known, by the link."""
        known = np.isfinite(self.most[cells])
        yield self.alone, cells[~known]
        if known.any():
            yield self.linked, cells[known]

    @cached_property
    def linked(self) -> Component:
        """The table with those who did not answer by cell, and then those who responded."""
        layer, block, size = self._layer, self._layer.block, self._layer.block.size
        responded = block.respondents.astype(float)
        here = np.zeros(size, dtype=bool)
        here[self._measure.cells] = True
        here &= _compared(block, self._measure)
        silent = np.where(here, responded - self.n, 0.0)
        tied = [
            Equation(2 * size + cell, (cell, size + cell)) for cell in np.flatnonzero(here).tolist()
        ]
        for parent, children in ((one.parent, np.array(one.children)) for one in self._equations):
            # not so where a part is not asked, and has respondents all the same
            if here[parent] and here[children].all() and silent[children].sum() == silent[parent]:
                tied.append(Equation(size + parent, tuple((size + children).tolist())))
        linked = replace(
            self._without_growth,
            mirrored=not self.pairs,
            tied=Tied(
                values=np.concatenate([silent, np.where(here, responded, 0.0)]),
                floor=np.concatenate(
                    [np.zeros(size), np.where(here, np.minimum(responded, 1.0), 0.0)]
                ),
                hidden=np.concatenate([here, layer.below & here]),
                cell=np.tile(np.arange(size), 2),
                equations=tuple(tied),
            ),
        )
        return added_since(linked, self.pairs, layer.fixed)


def _by_name(measures: Sequence[Measure]) -> Iterator[list[Measure]]:
    """Measures one by one; the answers of a distribution together."""
    found: dict[tuple[str, str], list[Measure]] = {}
    for measure in measures:
        found.setdefault((measure.kind, measure.name), []).append(measure)
    yield from found.values()


@dataclass
class _Figure:
    """One measure, or the answers of one distribution, while the demands on it are met."""

    layer: Layer
    measures: Sequence[Measure]
    search: Search
    tally: Tally
    people: Answerers

    def __post_init__(self) -> None:
        first, rules = self.measures[0], self.layer.rules
        self.first, self.n, self.most = first, self.people.n, self.people.most
        self.components = list(self._components())
        self.tables = [*self.components, self.people.alone]
        small = np.zeros(len(self.n), dtype=bool)
        small[first.cells[is_small(first, rules)]] = True
        self.narrow = small & (first.kind in {"mean", "net"})
        self.goals = [
            *goals(first, self.components, np.where(self.narrow, self.n, 1.0), rules.mean_share),
            (len(self.components), self.n + 1.0),
            (len(self.components), np.maximum(self.n - 1.0, 0.0)),
        ]

    def _components(self) -> Iterator[Component]:
        first = self.first
        scale = first.high - first.low if first.kind == "mean" else 1.0
        ceiling = None if first.is_weighted else scale * self.most
        for measure in self.measures:
            for values, whole in components_of(measure):
                laid = first.spread(self.layer.block.size, values)
                component = Component(laid, whole, ceiling=ceiling)
                yield added_since(component, self.people.pairs, self.layer.fixed)

    def protect(self) -> None:
        """Try the moves in turn on the cells that still need one, then pay for the cheapest."""
        here = self.n > 0
        self._free_the_people(np.flatnonzero(self.search.hidden & here))
        cells = np.flatnonzero(self.search.hidden & here)
        for number, goal in self.goals:
            left = cells[~self.passed(cells)]
            if not len(left):
                return
            for table, there in self._tables(number, self._movable(left, number, goal)):
                self.search.pursue(table, there, goal)
        for cell in cells:
            if not self.passed(np.array([cell]))[0]:
                self._repair(int(cell))

    def _free_the_people(self, cells: Ints) -> None:
        """See to it that n is not known.

        That everybody answered where the number of respondents is published is no secret.
        """
        n = self.n
        open_ended = cells[n[cells] < self.most[cells]]
        for table, there in self.people.tables(open_ended):
            self.tally.unmet += len(self.search.insist(table, there, n - 1.0, n + 1.0))

    def _tables(self, number: int, cells: Ints) -> Iterator[tuple[Component, Ints]]:
        """Say which table a move is one of: a component, or the n that it belongs to."""
        if number < len(self.components):
            yield self.components[number], cells
        else:
            yield from self.people.tables(cells)

    def _movable(self, cells: Ints, number: int, goal: Floats) -> Ints:
        step = np.abs(goal[cells] - self.tables[number].values[cells])
        return cells[np.isfinite(step) & (step > SLACK)]

    def _repair(self, cell: int) -> None:
        """Hide what makes possible the cheapest of the moves that would do.

        Of a move that is too far, whatever is hidden, as much is made possible as can be: two
        components that move a little may do together.
        """
        if self.search.only_check:
            raise NotSafeError
        options = []
        for number, goal in self.goals:
            if len(self._movable(np.array([cell]), number, goal)):
                target, table = float(goal[cell]), self._table(number, cell)
                found = self.search.price(table, cell, target)
                if found is None:
                    target = self.search.farthest(table, cell, target)
                    found = self.search.price(table, cell, target)
                if found is not None:
                    options.append((found[0], number, target, found[1]))
        for _, number, target, cells in sorted(options, key=lambda option: option[:2]):
            self.search.hidden[cells] = True
            table = self._table(number, cell)
            self.search.pursue(table, [cell], np.full(len(self.n), target))
            if self.passed(np.array([cell]))[0]:
                return
        self.tally.unmet += 1

    def _table(self, number: int, cell: int) -> Component:
        (table,) = (t for t, there in self._tables(number, np.array([cell])) if len(there))
        return table

    def passed(self, cells: Ints) -> Flags:
        """Whether the witnesses found so far meet the demands on scores, shape of `cells`."""
        if not self.components:
            return np.ones(len(cells), dtype=bool)
        moved = np.array([self.search.moved(c)[cells] for c in self.components])
        present = np.array([c.values[cells] > SLACK for c in self.components])
        kind = self.first.kind
        if kind == "distribution":
            # every answer that somebody gave
            fine = (moved | ~present).all(axis=0) & moved.any(axis=0)
        elif kind == "share":
            fine = moved.any(axis=0) & (moved[0] | ~present[0])
            if self.layer.rules.protect_extreme_shares:
                # neither "nobody" nor "everybody" is certain
                fine &= (moved | present).all(axis=0)
        elif kind == "net":
            fine = moved[0] | moved[1] | (moved[2] & ~present[0] & ~present[1])
        else:
            fine = moved.any(axis=0)
        fine &= self._n_is_open(cells)
        tight = self.narrow[cells] & fine
        if tight.any():
            fine[tight] = self._mean_is_wide(cells[tight])
        return np.asarray(fine)

    def _n_is_open(self, cells: Ints) -> Flags:
        """Whether n and the people of one kind can change the same way, so that n can."""
        least, most = self.n.copy(), self.n.copy()
        for table, there in self.people.tables(cells):
            people = self.search.polytope(table)
            least[there], most[there] = people.least[there], people.most[there]
        tables = [self.search.polytope(component) for component in self.components]
        more = np.array([(t.most - t.values)[cells] > SLACK for t in tables]).any(axis=0)
        fewer = np.array([(t.values - t.least)[cells] > SLACK for t in tables]).any(axis=0)
        more &= (most - self.n)[cells] > SLACK
        fewer &= (self.n - least)[cells] > SLACK
        return np.asarray(more | fewer | (self.n >= self.most)[cells])

    def _mean_is_wide(self, cells: Ints) -> Flags:
        low, high = self.first.low, self.first.high
        polytopes = [self.search.polytope(component) for component in self.components]
        truth = [component.values[cells] for component in self.components]
        least = [polytope.least[cells] for polytope in polytopes]
        most = [polytope.most[cells] for polytope in polytopes]
        # somebody answered, so a mean is one of at least that much weight
        somebody = LIGHTEST if self.first.is_weighted else 1.0
        if self.first.kind == "net":
            mean = high * (truth[0] - truth[1]) / (truth[0] + truth[1] + truth[2])
            zero = (least[2], most[2])
            bottom = high * lowest_net(least[0], most[1], zero, somebody)
            top = -high * lowest_net(least[1], most[0], zero, somebody)
        else:
            span = high - low
            mean = low + span * truth[0] / (truth[0] + truth[1])
            top = low + span * most[0] / np.maximum(most[0] + least[1], span * somebody)
            bottom = high - span * most[1] / np.maximum(least[0] + most[1], span * somebody)
        need = self.layer.rules.mean_share * (high - low) - SLACK
        return np.asarray((top - mean >= need) | (mean - bottom >= need))
