"""The attack on one block: every vintage, and every difference of two.

Belongs here: the order of the steps on a block. Does not belong here: the steps themselves, or
reading figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from dagster_project.disclosure.attack.blocks import Block, Catalogue, Targets
from dagster_project.disclosure.attack.explain import Explainer
from dagster_project.disclosure.attack.intervals import Intervals
from dagster_project.disclosure.attack.layout import BASE, Flags, Floats, Ints
from dagster_project.disclosure.attack.search import Posed, Workshop, pose, search
from dagster_project.disclosure.attack.structure import ContradictionError
from dagster_project.disclosure.attack.tables import (
    NOW,
    Measured,
    difference_of,
    equations_of,
    measured_in,
)
from dagster_project.disclosure.attack.unions import (
    Movers,
    UndecidedError,
    Union,
    leaves_of,
    lightest_difference,
    lightest_union,
    people_in,
)

HALF = 0.5
"""Respondents: counts that differ less are equal."""


@dataclass(frozen=True)
class Plan:
    """What is the same for all blocks; `min_n` is that of a known union, by table."""

    catalogue: Catalogue
    min_n: Mapping[str, int] | int
    explain: bool
    explain_within: float = 0.0

    def most(self, table: str) -> int:
        """Return how many people a union may have that must not be known."""
        least = self.min_n if isinstance(self.min_n, int) else self.min_n[table]
        return least - 1


@dataclass
class Outcome:
    """What the attack on one block came to."""

    intervals: Intervals
    unions: list[tuple[Any, ...]] = field(default_factory=list)
    contradictions: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    programs: int = 0
    limit: int = 0


def attack_block(block: Block, plan: Plan) -> Outcome:
    """Attack every vintage of a block, and every difference of two."""
    on_block = _OnBlock(block, plan)
    for vintage in sorted(block.vintages):
        on_block.vintage(vintage)
    if block.changed is not None:
        earlier = sorted(set(block.vintages) - {NOW})
        pairs = [(NOW, one) for one in earlier if NOW in block.vintages]
        for after, before in [*pairs, *((b, a) for a, b in combinations(earlier, 2))]:
            on_block.difference(after, before)
    on_block.outcome.programs = on_block.workshop.solved
    return on_block.outcome


_PREPARED: list[Plan] = []


def prepare(plan: Plan) -> None:
    """Keep the plan for all blocks that this process attacks."""
    _PREPARED.append(plan)


def attack_prepared(block: Block) -> Outcome:
    """Attack a block by the plan that was kept."""
    return attack_block(block, _PREPARED[-1])


class _OnBlock:
    def __init__(self, block: Block, plan: Plan) -> None:
        self.block, self.plan = block, plan
        self.equations = equations_of(block, plan.catalogue)
        self.measures = measured_in(block, plan.catalogue, self.equations)
        self.workshop = Workshop(self.equations)
        self.outcome = Outcome(Intervals(block.keys))
        self.people: dict[tuple[int, int, int], Ints] = {}

    def vintage(self, vintage: int) -> None:
        """Attack one vintage as a table of its own."""
        targets = self.block.targets
        if targets is not None:
            targets = targets.only(targets.vintage == vintage)
        measures = self.measures[vintage]
        posed = self._searched(measures, targets)
        if posed is None:
            self._contradiction("respondents and those who answered")
            for measured in measures:
                alone = self._searched([measured], targets)
                if alone is None:
                    self._contradiction(measured.measure.name)
                else:
                    self._note(alone, vintage, targets)
            return
        self._note(posed, vintage, targets)

    def _searched(self, measures: list[Measured], targets: Targets | None) -> list[Posed] | None:
        try:
            posed = pose(measures, self.workshop, self.block.apart)
            search(posed, targets)
        except ContradictionError:
            return None
        self.outcome.limit += sum(e.undecided for one in posed for e in one.explorers.values())
        return posed

    def _note(self, posed: list[Posed], vintage: int, targets: Targets | None) -> None:
        self._read_off(posed, vintage)
        most, done = self.plan.most(self.block.table), {}
        for one in posed:
            light, people = self._light(one, targets)
            mark = one.measured.fingerprint, light.tobytes(), one.right[0].tobytes()
            if mark not in done:
                kernel, solution = self._kernel(one.measured)
                done[mark] = self._limited(lightest_union, kernel, solution, light, most, people)
            found = done[mark]
            if found is not None:
                text = self._explainer(vintage).of_union(one.measured, found.members)
                self._union(found, one.measured, (vintage, None), text)

    def _limited(self, search: Callable[..., Union | None], *given: object) -> Union | None:
        """Search for a union; count a search that ran into its limit."""
        try:
            return search(*given)
        except UndecidedError:
            self.outcome.limit += 1
            return None

    def _kernel(self, measured: Measured) -> tuple[Floats, Floats]:
        """Return the directions in which cells can move, and respondents that fit, by cell."""
        structure = self.workshop.structure(measured)[0]
        kernel = self.workshop.program(measured).kernel
        columns = np.zeros((len(structure.place), kernel.columns.shape[1]))
        columns[structure.cells] = kernel.columns
        solution = np.zeros(len(structure.place))
        solution[structure.cells] = kernel.particular(structure.right_sides(measured.values)[0])
        return columns, solution

    def _light(self, one: Posed, targets: Targets | None) -> tuple[Flags, Ints | None]:
        """Hidden leaves that may be in a small union, and their respondents, if they are told."""
        light = one.unknown & leaves_of(one.measured, self.equations)
        few = one.low[0] <= self.plan.most(self.block.table)
        light[one.structure.cells[~few]] = False
        if targets is None:
            return light, None
        people = np.full(len(light), -1)
        mine = (targets.figure == -1) & (targets.measure == one.measured.number)
        people[targets.cell[mine]] = targets.low[mine]
        return light & (people >= 0), people

    def difference(self, after: int, before: int) -> None:
        """Attack the difference of two vintages: its unions, and its intervals if d >= 0."""
        earlier = {one.measure.name: one for one in self.measures[before]}
        pairs = [
            (one, earlier[one.measure.name])
            for one in self.measures[after]
            if one.measure.name in earlier
        ]
        grown = []
        for now, then in pairs:
            people, movers = self._people(now, after, before)
            self._union_of_difference(now, then, after, before)
            difference = difference_of(now, then, self.equations)
            shown = difference.known & difference.present
            added = np.abs(difference.values[0] - people)[shown] < HALF
            if people.any() and not len(movers.source) and added.all():
                grown.append(difference)
        if (grown and grown[0].measure.name != BASE) or (
            grown and not self._grown(grown, after, before)
        ):
            for one in grown:
                self._grown([one], after, before)

    def _people(self, measured: Measured, after: int, before: int) -> tuple[Ints, Movers]:
        assert self.block.changed is not None  # noqa: S101  # nosec B101
        number = measured.number
        people, movers = people_in(
            self.block.changed, number, (after, before), len(self.block.keys), self.equations
        )
        self.people[number, after, before] = people
        return people, movers

    def _grown(self, measures: list[Measured], after: int, before: int) -> bool:
        """Bound what was added; figures that contradict that show that it is not so."""
        most = self.plan.most(self.block.table)
        wanted = [
            (one.number, cell)
            for one in measures
            for cell in np.flatnonzero(
                (self.people[one.number, after, before] >= 1)
                & (self.people[one.number, after, before] <= most)
            )
        ]
        number, cell = np.array(wanted, dtype=np.int64).reshape(-1, 2).T
        none = np.zeros(len(cell), dtype=np.int64)
        far = np.full(len(cell), np.inf)
        posed = self._searched(measures, Targets(number, cell, none, none, -far, far))
        if posed is None:
            return False
        self._read_off(posed, after, before)
        return True

    def _union_of_difference(self, now: Measured, then: Measured, after: int, before: int) -> None:
        people, movers = self._people(now, after, before)
        if not people.any() and not len(movers.source):
            return
        most = self.plan.most(self.block.table)
        kernel = np.hstack([self._kernel(now)[0], self._kernel(then)[0]])
        found = self._limited(
            lightest_difference, (now, then), kernel, self.equations, (people, movers), most
        )
        if found is None:
            return
        texts = [
            self._explainer(vintage).of_union(one, found.members)
            for one, vintage in ((now, after), (then, before))
        ]
        self._union(found, now, (after, before), f"{texts[0]}, before {texts[1]}")

    def _explainer(self, vintage: int = NOW) -> Explainer:
        note = "" if vintage == NOW else f" in vintage {vintage}"
        return Explainer(self.block.keys, self.plan.catalogue, self.equations, note)

    def _read_off(self, posed: list[Posed], vintage: int, since: int = -1) -> None:
        intervals = self.outcome.intervals
        first = len(intervals.parts)
        within = self.plan.explain_within
        narrow = intervals.read_off(posed, vintage, since, within=within)
        for part in intervals.parts[first:]:
            number = int(part["measure"][0])
            people = self.people.get((number, vintage, since))
            part["people"] = (
                np.full(len(part["cell"]), -1) if people is None else people[part["cell"]]
            )
        if not self.plan.explain or not narrow:
            return
        explainer = self._explainer(vintage)
        for place, row, cell in narrow:
            one = posed[place]
            variable = int(one.structure.place[cell])
            found = explainer.of_cell(one, variable, within)
            intervals.texts[row] = found.text
            intervals.terms[row] = [(factor, self._cell(at)) for factor, at in found.terms]

    def _union(
        self, found: Union, measured: Measured, vintages: tuple[int, int | None], text: str
    ) -> None:
        explainer = self._explainer()
        members = [explainer.place(int(cell)) for cell in found.members]
        cell = self._cell(int(found.members[0]))
        if self.plan.explain:
            text = f"{' + '.join(members)} = {text}"
        row = (measured.measure.name, *vintages, found.weight, found.movers, members, text)
        self.outcome.unions.append((*cell, *row))

    def _cell(self, cell: int) -> tuple[str, ...]:
        catalogue = self.plan.catalogue
        digits = catalogue.digits(self.block.keys[[cell]])[:, 0]
        values = (labels[d] for labels, d in zip(catalogue.labels, digits, strict=True))
        return (self.block.table, *values)

    def _contradiction(self, measure: str) -> None:
        self.outcome.contradictions.append((self._cell(0), measure))
