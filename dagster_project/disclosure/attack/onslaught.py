"""The attack on one block under every assumption worth trying.

Belongs here: which assumptions are tried and what becomes of contradictions. Does not belong here:
programs, or reading releases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dagster_project.disclosure.attack.blocks import Block
from dagster_project.disclosure.attack.campaign import Posed, Workshop, pose
from dagster_project.disclosure.attack.catalogue import Catalogue, Flags
from dagster_project.disclosure.attack.explain import Explainer
from dagster_project.disclosure.attack.findings import Columns, read_off
from dagster_project.disclosure.attack.measured import Measured, equations_of, measured_in
from dagster_project.disclosure.attack.propagate import ContradictionError
from dagster_project.disclosure.attack.restate import differing_releases, differs, doubts
from dagster_project.disclosure.attack.search import search
from dagster_project.disclosure.attack.structure import View, valid_rows


@dataclass
class Outcome:
    """What the attack on one block came to; `contradictions` name measures it could not use."""

    columns: Columns = field(default_factory=Columns)
    programs: int = 0
    undecided: int = 0
    contradictions: list[str] = field(default_factory=list)


def attack_block(block: Block, catalogue: Catalogue, *, explain: bool) -> Outcome:
    """Bound every hidden figure of a block, from the release alone and with all earlier ones."""
    siege = _Siege(block, catalogue, explain=explain)
    siege.under(siege.measures, (0,), only_added=False)
    releases = differing_releases(siege.measures)
    if len(releases) > 1:
        base, *others = siege.measures
        moved = [
            one
            for one in others
            if (differs(one, releases) or tells_of(one, base)) and one.number not in block.shrunk
        ]
        if base.number not in block.shrunk:
            siege.under([base, *moved], releases, only_added=True)
    siege.outcome.programs = siege.workshop.solved
    return siege.outcome


def tells_of(measured: Measured, base: Measured) -> bool:
    """Whether the measure is published in a cell whose number of respondents is hidden."""
    return bool((measured.present & measured.known & base.hidden).any())


class _Siege:
    def __init__(self, block: Block, catalogue: Catalogue, *, explain: bool) -> None:
        self.block, self.catalogue, self.explain = block, catalogue, explain
        self.measures = measured_in(block, catalogue)
        self.workshop = Workshop(equations_of(block, catalogue))
        self.outcome = Outcome()
        self.valid = {one.number: self._valid(one) for one in self.measures}

    def _valid(self, measured: Measured) -> Flags:
        code = measured.number * self.block.ask[1] + self.block.ask[0]
        asked = np.stack([np.isin(code, known) for known in self.block.asked])
        return valid_rows(measured, self.workshop.equations, asked)

    def under(
        self, measures: list[Measured], releases: tuple[int, ...], *, only_added: bool
    ) -> None:
        """Attack with figures taken for what they seem, doubting as few as needed."""
        views, doubted = [], False
        for measured in measures:
            found = self._first_possible(measured, releases, only_added=only_added)
            if found is not None:
                views.append((measured, found[0]))
                doubted |= found[1]
            elif not only_added:
                self.outcome.contradictions.append(measured.measure.name)
            else:
                return  # answers were not only added
        if not views or views[0][0] is not measures[0]:
            return
        self._attack(views, 2 * only_added + doubted)

    def _first_possible(
        self, measured: Measured, releases: tuple[int, ...], *, only_added: bool
    ) -> tuple[View, bool] | None:
        """Return the first view under which a measure does not contradict itself."""
        for view in self._views(measured, releases, only_added=only_added):
            try:
                posed = Posed(measured, view, self.workshop)
                posed.tighten()
                if len(self.block.releases) > 1:
                    for table in range(len(posed.low)):
                        posed.explorer(table)
            except ContradictionError:
                continue
            return view, bool((~view.known & measured.known[list(releases)]).any())
        return None

    def _views(
        self, measured: Measured, releases: tuple[int, ...], *, only_added: bool
    ) -> Iterator[View]:
        rows = list(releases)
        valid = self.valid[measured.number][rows]
        for doubted in doubts(measured, releases, self.workshop.equations, valid):
            known = measured.known[rows] & ~doubted
            yield View(releases, known, measured.scope[rows], valid, only_added)

    def _attack(self, views: list[tuple[Measured, View]], assumption: int) -> None:
        try:
            posed = pose(views, self.workshop, self.block.shrunk)
            search(posed, self.block.targets)
        except ContradictionError:
            self._one_by_one(views, assumption)
            return
        self._note(posed, assumption)

    def _one_by_one(self, views: list[tuple[Measured, View]], assumption: int) -> None:
        """Measures that contradict each other say something each on its own."""
        self.outcome.contradictions.append("respondents and those who answered")
        for measured, view in views:
            try:
                posed = pose([(measured, view)], self.workshop)
                search(posed, self.block.targets)
            except ContradictionError:
                self.outcome.contradictions.append(measured.measure.name)
                continue
            self._note(posed, assumption)

    def _note(self, posed: list[Posed], assumption: int) -> None:
        columns = self.outcome.columns
        first = columns.rows
        read_off(posed, self.block.keys, assumption, columns)
        for one in posed:
            self.outcome.undecided += sum(e.undecided for e in one.explorers.values())
        if self.explain:
            self._explain(posed, first)

    def _explain(self, posed: list[Posed], first: int) -> None:
        columns = self.outcome.columns
        explainers = {
            one.measured.number: Explainer(one, self.block.keys, self.catalogue) for one in posed
        }
        joined = columns.joined()
        if not joined:
            return
        exact = np.flatnonzero(joined["exact"][first:]) + first
        place = {one.measured.number: one for one in posed}
        for row in exact:
            one = place[int(joined["measure"][row])]
            at = one.view.releases.index(-int(joined["release"][row]))
            cell = int(np.searchsorted(self.block.keys, joined["key"][row]))
            change = joined["figure"][row] >= CHANGE
            variable = (one.structure.change if change else one.structure.place)[at, cell]
            if variable >= 0:
                columns.texts[int(row)] = explainers[one.measured.number].of(int(variable))


CHANGE = 3  # the first figure that is a change
