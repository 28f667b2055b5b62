"""The demands on figures: n, sums and means of hidden cells, and what more to hide for them.

Belongs here: judging what witnesses show of a measure, and repairs. Does not belong here: demands
on the number of respondents (respondents), the components of a measure (components).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from dagster_project.disclosure.protect.answerers import Answerers, compared, is_part
from dagster_project.disclosure.protect.blocks import Flags, Floats, Ints, Measure
from dagster_project.disclosure.protect.bounds import Component
from dagster_project.disclosure.protect.components import (
    LIGHTEST,
    components_of,
    goals,
    lowest_net,
)
from dagster_project.disclosure.protect.differences import Growth
from dagster_project.disclosure.protect.groups import Group, Pattern, System, is_small, spread
from dagster_project.disclosure.protect.respondents import Tables, Tally, Witness, rounds
from dagster_project.disclosure.protect.rules import SLACK, Rules


@dataclass
class FigureDemands:
    """The demands on the hidden figures of a group other than the base.

    The n and the sum of every hidden cell must be able to differ from the truth, and the mean of a
    small cell by `mean_share` of its scale. As nobody answers who did not respond, n must leave the
    number of respondents as open as it was: with each of its witnesses there must be a table of n
    that is nowhere larger, or other tables of both that meet the same demands.

    That everybody answered where it is known who responded is no secret. If it `concedes`, neither
    is an n on enough people that follows from that: where quarters are published already, nothing
    hidden in their year can help it.
    """

    pattern: Pattern
    tally: Tally
    witnesses: Sequence[Witness]
    concedes: bool = False
    _parts: list[_Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        for index, system in enumerate(self.pattern.group.systems):
            tables = Tables(self.pattern, index, self.tally)
            self._parts.append(
                _Part(self.pattern.group, system, tables, self.witnesses, self.concedes)
            )

    def meet(self) -> None:
        """Hide more until all demands are met; those that cannot be are counted as unmet."""
        for _ in rounds(self.pattern):
            for part in self._parts:
                self.tally.unmet += part.meet()

    def forgive_nothing(self) -> None:
        """Ask again for what could not be met before."""
        for part in self._parts:
            part.forgive_nothing()

    @property
    def pinned(self) -> Flags:
        """Cells, shape (cells,), of which the respondents tell an n that has to stay open."""
        found = np.zeros(self.pattern.group.block.size, dtype=bool)
        for figure in (figure for part in self._parts for figure in part.figures):
            found[list(figure.waived)] = True
        return found & self.pattern.group.asked & ~self.pattern.group.below

    def hold(self) -> bool:
        """Whether all demands are met by what is hidden now."""
        remembered = [part.tables.remember() for part in self._parts]
        if all(part.hold() for part in self._parts):
            return True
        for part, known in zip(self._parts, remembered, strict=True):
            part.tables.forget(known)
        return False


@dataclass(frozen=True)
class _Room:
    """A witness of respondents beside which those who answered, `people`, do not fit as they are.

    `among`, shape (cells,), says where they are among the respondents. If as many fewer answered
    would do, `moving`, shape (cells,), are the cells which that moves.
    """

    people: Component
    among: Flags
    witness: Witness
    moving: Flags | None


@dataclass
class _Part:
    """The demands on the measures of one system of a group."""

    group: Group
    system: System
    tables: Tables
    witnesses: Sequence[Witness]
    concedes: bool
    _waived: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        known: dict[bytes, tuple[Measure, Answerers]] = {}
        self.figures = []
        for measures in _by_name(self.system.measures):
            first = measures[0]
            key = first.n.tobytes() + first.kind.encode() * (first.kind == "count")
            if key not in known:
                known[key] = first, Answerers.of(self.group, first, self.system)
            people = known[key][1]
            self.figures.append(_Figure(self.group, measures, self.tables, people, self.concedes))
        self._rooms = [
            room
            for measure, people in known.values()
            if is_part(self.group.block, measure)
            for room in self._narrow(people.alone.values, compared(self.group.block, measure))
        ]

    def _narrow(self, values: Floats, among: Flags) -> Iterator[_Room]:
        """List the witnesses with fewer respondents somewhere than answered, shape (cells,)."""
        if not self.witnesses:
            return
        people, tables = Component(values, whole=True), np.array([w.table for w in self.witnesses])
        most = np.where(among, tables, np.inf) + SLACK
        changes = np.where(self.system.asked, tables - self.group.block.respondents, 0.0)
        # that as many fewer answer as respond is a table too, if the cells add up alike
        moved = values + changes
        along = ((moved >= -SLACK) & (moved <= most)).all(axis=1)
        along &= ~(np.abs(self.system.equations.gaps(changes.T)) > SLACK).any(axis=0)
        for at in np.flatnonzero((values > most).any(axis=1)).tolist():
            moving = changes[at] != 0 if along[at] else None
            yield _Room(people, among, self.witnesses[at], moving)

    def forgive_nothing(self) -> None:
        """Ask again for what could not be met before."""
        self._waived.clear()
        for figure in self.figures:
            figure.forgive_nothing()

    def meet(self) -> int:
        """Hide more until all demands are met; return how many newly turn out not to be."""
        unmet = sum(figure.protect() for figure in self.figures)
        for place, room in self._tables_to_fit():
            if not self._has_room(room, repair=True):
                self._waived.add(place)
                unmet += 1
        return unmet

    def hold(self) -> bool:
        """Whether all demands are met by what is hidden now."""
        return all(figure.holds() for figure in self.figures) and all(
            self._has_room(room, repair=False) for _, room in self._tables_to_fit()
        )

    def _tables_to_fit(self) -> Iterator[tuple[int, _Room]]:
        for place, room in enumerate(self._rooms):
            if place not in self._waived:
                yield place, room

    def _has_room(self, room: _Room, *, repair: bool) -> bool:
        if room.moving is not None and not (room.moving & ~self.tables.hidden).any():
            return True
        people, witness = room.people, room.witness
        most = np.where(room.among, witness.table, np.inf)
        if self.tables.make_room(people, most, repair=False):
            return True
        if witness.shows_growth:
            above = np.flatnonzero(people.values > most + SLACK)
            met = not self.tables.insist(people, above, most, repair=False)
        else:
            self.tables.tally.programs += 1
            changes = self.tables.space(people).basis
            met = witness.is_met_beside(people.values, room.among, changes)
        return met or (repair and self.tables.make_room(people, most, repair=True))


def _by_name(measures: Sequence[Measure]) -> Iterator[list[Measure]]:
    """Measures one by one; the answers of a distribution together."""
    found: dict[tuple[str, str], list[Measure]] = {}
    for measure in measures:
        found.setdefault((measure.kind, measure.name), []).append(measure)
    yield from found.values()


@dataclass
class _Figure:
    """One measure, or the answers of one distribution, while the demands on it are met."""

    group: Group
    measures: Sequence[Measure]
    tables: Tables
    people: Answerers
    concedes: bool
    waived: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.first, self.n, self.most = self.measures[0], self.people.alone.values, self.people.most
        self.components = list(self._components())
        small = np.zeros(len(self.n), dtype=bool)
        small[self.first.cells[is_small(self.first, self.rules)]] = True
        self.narrow = small & (self.first.kind in {"mean", "net"})

    def forgive_nothing(self) -> None:
        """Ask again for what could not be met before."""
        self.waived.clear()

    @property
    def rules(self) -> Rules:
        return self.group.rules

    @cached_property
    def goals(self) -> list[tuple[int, Floats]]:
        """Moves worth trying: a component, or the n behind them, and where its cells should go."""
        people = np.where(self.narrow, self.n, 1.0)
        return [
            *goals(self.first, self.components, people, self.rules.mean_share),
            (len(self.components), self.n + 1.0),
            (len(self.components), np.maximum(self.n - 1.0, 0.0)),
        ]

    def _components(self) -> Iterator[Component]:
        first = self.first
        scale = first.high - first.low if first.kind == "mean" else 1.0
        ceiling = None if first.is_weighted else scale * self.most
        for measure in self.measures:
            for values, whole in components_of(measure):
                component = Component(spread(first, values, len(self.n)), whole, ceiling=ceiling)
                yield Growth.since(component, self.group.block.comparisons, self.group.kept)

    def protect(self) -> int:
        """Hide more until all demands are met; return how many newly turn out not to be."""
        failed = self._pinned(repair=True)
        self.waived.update(failed)
        unmet = len(failed)
        for cell in self._left():
            if not self.passed(np.array([cell]))[0] and not self._repair(int(cell)):
                self.waived.add(int(cell))
                unmet += 1
        return unmet

    def holds(self) -> bool:
        """Whether all demands are met by what is hidden now."""
        return not (self._pinned(repair=False) or len(self._left()))

    def _cells(self) -> Ints:
        cells = np.flatnonzero(self.tables.hidden & (self.n > 0))
        return cells[[int(cell) not in self.waived for cell in cells]]

    def _pinned(self, *, repair: bool) -> list[int]:
        """Return the cells whose n should be able to differ from the truth, and cannot.

        Without `repair` the first of them is enough.
        """
        found: list[int] = []
        cells = self._cells()
        cells = cells[self.n[cells] < self.most[cells]]
        for table, stuck in self._stuck(cells, all_=repair or self.concedes):
            left = self._secret(stuck)
            if left and not repair:
                return left
            found += self.tables.insist(table, left, *self._near, repair=True) if left else []
        return found

    @property
    def _near(self) -> tuple[Floats, Floats]:
        return self.n - 1.0, self.n + 1.0

    def _stuck(self, cells: Ints, *, all_: bool = True) -> Iterator[tuple[Component, list[int]]]:
        """Say of which cells n cannot differ from the truth, by the table that shows it."""
        for table, there in self.people.tables(cells, self.tables.hidden):
            left = there.tolist()
            if table is self.people.linked:
                left = self.tables.without_any(self.people.within, left, self._near)
            yield table, self.tables.without_any(table, left, self._near, all_=all_)

    def _secret(self, cells: Sequence[int]) -> list[int]:
        """Leave out cells in which everybody answered who is known to have responded.

        That is no secret. If it `concedes`, neither is an n on enough people that follows from it.
        """
        left = [cell for cell in cells if self.n[cell] < self.most[cell]]
        if not (left and self.concedes):
            return left
        everybody = np.flatnonzero(self.tables.hidden & (self.n == self.most))
        told = [cell for _, stuck in self._stuck(everybody) for cell in stuck]
        known = self.tables.known_with(told)
        return [cell for cell in left if self.group.small[cell] or not known[cell]]

    def _left(self) -> Ints:
        """Cells whose scores do not differ enough, whatever was tried."""
        left = self._cells()
        left = left[~self.passed(left)]
        for number, goal in self.goals if len(left) else ():
            for table, there in self._tables(number, self._movable(left, number, goal)):
                self.tables.pursue(table, there, goal)
            left = left[~self.passed(left)]
            if not len(left):
                break
        return left

    def _tables(self, number: int, cells: Ints) -> Iterator[tuple[Component, Ints]]:
        """Say which table a move is one of: a component, or the n that it belongs to."""
        if number < len(self.components):
            yield self.components[number], cells
        else:
            yield from self.people.tables(cells, self.tables.hidden)

    def _movable(self, cells: Ints, number: int, goal: Floats) -> Ints:
        values = [*self.components, self.people.alone][number].values
        step = np.abs(goal[cells] - values[cells])
        return cells[np.isfinite(step) & (step > SLACK)]

    def _repair(self, cell: int) -> bool:
        """Hide what makes possible the cheapest of the moves that would do; say if one does.

        Of a move that is too far, whatever is hidden, as much is made possible as can be: two
        components that move a little may do together.
        """
        options = []
        for number, goal in self.goals:
            if len(self._movable(np.array([cell]), number, goal)):
                target, table = float(goal[cell]), self._table(number, cell)
                found = self.tables.price(table, cell, target)
                if found is None:
                    target = self.tables.farthest(table, cell, target)
                    found = self.tables.price(table, cell, target)
                if found is not None:
                    options.append((found[0], number, target, found[1]))
        for _, number, target, cells in sorted(options, key=lambda option: option[:2]):
            self.tables.pattern.hide(cells)
            table = self._table(number, cell)
            self.tables.pursue(table, [cell], np.full(len(self.n), target))
            if self.passed(np.array([cell]))[0]:
                return True
        return False

    def _table(self, number: int, cell: int) -> Component:
        (table,) = (t for t, there in self._tables(number, np.array([cell])) if len(there))
        return table

    def passed(self, cells: Ints) -> Flags:
        """Whether the witnesses found so far meet the demands on scores, shape of `cells`."""
        if not self.components:
            return np.ones(len(cells), dtype=bool)
        moved = np.array([self.tables.moved(c)[cells] for c in self.components])
        present = np.array([c.values[cells] > SLACK for c in self.components])
        kind = self.first.kind
        if kind == "distribution":
            # every answer that somebody gave
            fine = (moved | ~present).all(axis=0) & moved.any(axis=0)
        elif kind == "share":
            fine = moved.any(axis=0) & (moved[0] | ~present[0])
            if self.rules.protect_extreme_shares:
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
        polytopes = [self.tables.polytope(component) for component in self.components]
        more = np.array([(t.most - t.values)[cells] > SLACK for t in polytopes]).any(axis=0)
        fewer = np.array([(t.values - t.least)[cells] > SLACK for t in polytopes]).any(axis=0)
        is_open = np.asarray((self.n >= self.most)[cells])
        left = cells[~is_open]
        tables = [(self.people.within, left), *self.people.tables(left, self.tables.hidden)]
        for table, there in tables:
            here = np.isin(cells, there) & ~is_open
            if here.any():
                people = self.tables.polytope(table)
                size = len(self.n)
                up = (people.most[:size] - self.n)[cells] > SLACK
                down = (self.n - people.least[:size])[cells] > SLACK
                is_open |= here & ((more & up) | (fewer & down))
        is_open[~is_open] = ~np.isin(cells[~is_open], self._secret(cells[~is_open].tolist()))
        return is_open

    def _mean_is_wide(self, cells: Ints) -> Flags:
        low, high = self.first.low, self.first.high
        polytopes = [self.tables.polytope(component) for component in self.components]
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
        need = self.rules.mean_share * (high - low) - SLACK
        return np.asarray((top - mean >= need) | (mean - bottom >= need))
