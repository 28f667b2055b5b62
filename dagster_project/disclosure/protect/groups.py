"""One disclosure group in one block: what to hide so that nothing hidden follows exactly.

Belongs here: small cells, the sums that must not be known, the choice of what may be published
beside them. Does not belong here: bounds (respondents, figures), the order of groups (pattern).

Candidates are offered from the most to the least useful; each is published unless it would make a
target known, or a union of hidden leaves with too few people. A candidate refused once would be a
leak for good, as what is published only grows: so every cell hidden here is needed, and when all
have been offered no hidden cell follows exactly, the refused ones included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from dagster_project.disclosure.protect.blocks import (
    Block,
    Equations,
    Flags,
    Floats,
    Ints,
    Measure,
)
from dagster_project.disclosure.protect.differences import tells_of_few
from dagster_project.disclosure.protect.elimination import Step, Tableau, vectors
from dagster_project.disclosure.protect.rules import SAME_SCORE, Rules


@dataclass(frozen=True)
class System:
    """A set of cells in which something is asked, with how they add up there.

    `asked` and `empty`, shape (cells,): where it is asked, and which cells are 0 for certain.
    """

    asked: Flags
    empty: Flags
    equations: Equations
    measures: tuple[Measure, ...]

    def tableau(self, rules: Rules) -> Tableau:
        """Start with nothing published."""
        leaves, matrix, ties = vectors(self.equations.size, self.equations, self.empty)
        people, light = self.people(rules)
        min_n = rules.min_n if rules.unions else 1
        return Tableau(leaves, matrix, ties, people=people, light=light, min_n=min_n)

    def people(self, rules: Rules) -> tuple[Ints, Flags]:
        """Count people by measure, shape (measures, cells), and say where they are few."""
        counts = {m.n.tobytes(): spread(m, m.n, len(self.asked)) for m in self.measures}
        people = np.array(list(counts.values())).astype(np.int64)
        return people, np.asarray((people < rules.min_n).any(axis=0))

    def one_scored(self, known: Flags) -> Iterator[Ints]:
        """Unknown parts of a known total that all have the same score."""
        for measure in self.measures:
            if measure.kind not in {"mean", "net"}:
                continue
            sums = np.column_stack(
                [
                    spread(measure, figures, len(self.asked)) * ~known
                    for figures in (measure.weight, measure.total, measure.squares)
                ]
            )
            w, s, q = (self.equations.sums(sums)).T
            same = (w > 0) & (w * q - s * s <= SAME_SCORE * w * q) & known[self.equations.parents]
            for equation in np.flatnonzero(same):
                parts = self.equations.children[self.equations.of == equation]
                yield parts[~known[parts]]


@dataclass(frozen=True)
class Group:
    """A group in a block: its measures, and the cells decided before anything is decided here.

    All flags have shape (cells,): `asked` are the group's cells, `below` those hidden in the base
    group, `small` those whose own figures rest on too few, `told` and `kept` those that are
    published and suppressed already.
    """

    block: Block
    rules: Rules
    measures: tuple[Measure, ...]
    systems: tuple[System, ...]
    asked: Flags
    below: Flags
    small: Flags
    told: Flags
    kept: Flags

    @classmethod
    def of(cls, block: Block, rules: Rules, measures: Sequence[Measure], below: Flags) -> Group:
        """Gather the systems and small cells of a group; `below` has shape (cells,)."""
        asked, small = np.zeros(block.size, dtype=bool), np.zeros(block.size, dtype=bool)
        found: dict[bytes, list[Measure]] = {}
        masks: dict[bytes, tuple[Flags, Flags]] = {}
        for measure in measures:
            here = np.zeros(block.size, dtype=bool)
            here[measure.cells] = True
            empty = ~here
            empty[measure.cells[measure.n == 0]] = True
            # whether anybody answered in a hidden cell is not told
            empty &= ~(here & below)
            asked |= here
            small[measure.cells[is_small(measure, rules)]] = True
            key = here.tobytes() + empty.tobytes()
            masks[key] = (here, empty)
            found.setdefault(key, []).append(measure)
        systems = tuple(
            System(here, empty, block.equations.within(here), tuple(found[key]))
            for key, (here, empty) in masks.items()
        )
        told, kept = block.decided(measures[0].group)
        return cls(
            block, rules, tuple(measures), systems, asked, below & asked, small, told, kept & asked
        )

    @cached_property
    def targets(self) -> Flags:
        """The cells that are hidden for a reason of their own, or of the base group, (cells,)."""
        return np.asarray((self.small | self.below | self.kept) & ~self.told)

    @cached_property
    def candidates(self) -> Flags:
        """The cells that may be published or not, shape (cells,)."""
        return np.asarray(self.asked & ~self.targets & ~self.told)

    @cached_property
    def worth(self) -> Ints:
        """People whose figures a cell shows, shape (cells,)."""
        people = np.zeros(self.block.size, dtype=np.int64)
        for measure in self.measures:
            people[measure.cells] = np.maximum(people[measure.cells], measure.n)
        return people

    @cached_property
    def order(self) -> Ints:
        """Cells from the most to the least useful: those on most people first.

        Between equals, the one in the larger totals comes first: where totals are small more is
        hidden already, and one cell can then protect several.
        """
        equations = self.block.equations
        above = np.zeros(self.block.size, dtype=np.int64)
        np.add.at(above, equations.children, self.worth[equations.parents[equations.of]])
        return np.lexsort((np.arange(self.block.size), -above, -self.worth))

    @cached_property
    def rank(self) -> Ints:
        """The place of each cell in `order`, shape (cells,)."""
        rank = np.empty(self.block.size, dtype=np.int64)
        rank[self.order] = np.arange(self.block.size)
        return rank


def is_small(measure: Measure, rules: Rules) -> Flags:
    """Whether a figure rests on 1 to min_n - 1 people, or effectively on fewer than half of min_n.

    The effective number is Kish's (sum w)^2 / sum w^2; shape (asked cells,).
    """
    few = (measure.n < rules.min_n) | (measure.effective < rules.min_n / 2)
    return np.asarray((measure.n >= 1) & few)


def spread(measure: Measure, figures: Ints | Floats, size: int) -> Floats:
    """Lay figures of the asked cells out over all cells of the block, 0 elsewhere."""
    everywhere = np.zeros(size)
    everywhere[measure.cells] = figures
    return everywhere


@dataclass
class Pattern:
    """What is hidden of a group, with the tableau of each of its systems.

    `hidden` has shape (cells,). `unmet` counts the sums that are known whatever is hidden, because
    of what was decided before.
    """

    group: Group
    hidden: Flags
    tableaux: list[Tableau]
    unmet: int = 0
    _steps: list[tuple[Tableau, Step]] = field(default_factory=list)

    @classmethod
    def from_nothing(cls, group: Group) -> Pattern:
        """Offer all cells, those that are decided first."""
        pattern = cls(group, group.asked & ~group.told, [])
        for system in group.systems:
            tableau = system.tableau(group.rules)
            pattern.tableaux.append(tableau)
            for cell in np.flatnonzero(group.told & system.asked):
                tableau.tell(int(cell))
        pattern.unmet = sum(
            tableau.is_known(int(cell))
            for tableau, system in pattern._with_systems()
            for cell in np.flatnonzero(group.targets & system.asked & ~system.empty)
        )
        for cell in group.order[group.candidates[group.order]]:
            pattern.offer(int(cell))
        pattern.publish_known()
        return pattern

    @classmethod
    def from_base(cls, group: Group, starts: Sequence[Pattern]) -> Pattern:
        """Start from what is published of the respondents, and hide what has to be hidden besides.

        `starts` has a pattern of respondents for each system of the group, which it covers.
        """
        hidden = np.zeros(group.block.size, dtype=bool)
        tableaux = []
        for start, system in zip(starts, group.systems, strict=True):
            tableau = start.tableaux[0].copy()
            tableau.recount(*system.people(group.rules))
            for cell in np.flatnonzero(system.empty & ~start.group.systems[0].empty):
                tableau.tell(int(cell))
            tableaux.append(tableau)
            hidden |= start.hidden & system.asked
        pattern = cls(group, hidden, tableaux)
        pattern.hide(np.flatnonzero(group.targets & ~pattern.hidden))
        if not pattern.unravel():
            return cls.from_nothing(group)
        for cell in group.order[(group.candidates & pattern.hidden)[group.order]]:
            pattern.offer(int(cell))
        pattern.publish_known()
        return pattern

    def covers(self, group: Group, system: System) -> bool:
        """Whether a group's system adds up as this pattern's does, but for cells that are 0."""
        (own, *others) = self.group.systems
        return (
            not others
            and np.array_equal(own.asked, system.asked)
            and bool((own.empty <= system.empty).all())
            and not (group.told & self.hidden).any()
            and not group.block.comparisons
        )

    def copy(self) -> Pattern:
        """Copy the state, to go on from it in another way."""
        tableaux = [tableau.copy() for tableau in self.tableaux]
        return Pattern(self.group, self.hidden.copy(), tableaux, self.unmet)

    def offer(self, cell: int) -> bool:
        """Publish a cell unless that reveals anything exactly; say if it is published."""
        self._steps = []
        for tableau, system in self._with_systems():
            if not system.asked[cell]:
                continue
            step = tableau.offer(cell, self.group.targets & system.asked)
            if step is not None:
                self._steps.append((tableau, step))
            if step is None or (step.undo is not None and self._tells(tableau, system)):
                self._undo()
                return False
        self.hidden[cell] = False
        return True

    def publish_known(self) -> None:
        """Publish the cells that follow from others: hiding them protects nothing.

        A total that was refused because all its parts have one score is such a cell, once the parts
        are published.
        """
        for cell in np.flatnonzero(self.hidden & self.group.candidates):
            if self.is_known(int(cell)):
                self.offer(int(cell))

    def is_known(self, cell: int) -> bool:
        """Whether a cell follows from what is published, in all its systems."""
        return all(
            tableau.is_known(cell)
            for tableau, system in self._with_systems()
            if system.asked[cell] and not system.empty[cell]
        )

    def take_back(self, cell: int) -> None:
        """Hide the cell that was published last."""
        self._undo()
        self.hidden[cell] = True

    def hide(self, cells: Ints) -> None:
        """Hide cells, if they are published."""
        for cell in cells[~self.hidden[cells]]:
            self.hidden[cell] = True
            for tableau, system in self._with_systems():
                if system.asked[cell] and not system.empty[cell]:
                    tableau.hide(int(cell))

    def tell(self, cells: Ints) -> None:
        """Publish cells whatever that makes known."""
        for cell in cells:
            for tableau, system in self._with_systems():
                if system.asked[cell] and not system.empty[cell]:
                    tableau.tell(int(cell))
        self.hidden[cells] = False

    def unravel(self) -> bool:
        """Hide what it takes that no target and no union is known; say if that was possible."""
        return all(len(cells) for cells in self.unravelled())

    def unravelled(self) -> Iterator[Ints]:
        """Hide what it takes that no target and no union is known.

        Yields:
            Published cells that reveal something together, before one of them is hidden; no cells,
            as the last, if that is not certain or not possible.

        """
        while (wrong := self._known_sum()) is not None:
            told_by = self._told_by(*wrong)
            yield told_by
            if not len(told_by):
                return
            self.hide(told_by[[np.argmax(self.group.rank[told_by])]])

    def conceal(self, cells: Ints) -> None:
        """Hide cells, and what it takes that they do not follow from others, as far as possible."""
        self.hide(cells)
        for tableau, system in self._with_systems():
            for cell in cells[system.asked[cells] & ~system.empty[cells]]:
                while tableau.is_known(int(cell)):
                    told_by = self._told_by(tableau, system, np.array([cell]))
                    if not len(told_by):
                        break
                    self.hide(told_by[[np.argmax(self.group.rank[told_by])]])
        self.publish_known()

    def _told_by(self, tableau: Tableau, system: System, cells: Ints) -> Ints:
        """Return the cells that could be hidden, from which the sum of some cells follows."""
        may_go = self.group.candidates & ~self.hidden & ~system.empty
        told_by = tableau.told_by(cells) if len(cells) else cells
        return np.asarray(told_by[may_go[told_by]])

    def _known_sum(self) -> tuple[Tableau, System, Ints] | None:
        """Find cells whose sum must not be known, and is; no cells if that is not certain."""
        for tableau, system in self._with_systems():
            known = tableau.known() & ~system.empty
            targets = np.flatnonzero(known & self.group.targets & system.asked)
            if len(targets):
                return tableau, system, targets[:1]
        for tableau, system in self._with_systems():
            if self.group.rules.unions:
                for cells in system.one_scored(tableau.known()):
                    return tableau, system, cells
                union = tableau.find_union()
                if union is not None:
                    return tableau, system, union.leaves
        return None

    def _tells(self, tableau: Tableau, system: System) -> bool:
        """Whether a total has parts of one score, or vintages differ in a few people only."""
        rules, comparisons = self.group.rules, self.group.block.comparisons
        if not rules.unions:
            return False
        if next(system.one_scored(tableau.known()), None) is not None:
            return True
        measures = {measure.name for measure in system.measures}
        return bool(comparisons) and tells_of_few(tableau, comparisons, measures, rules.min_n)

    def _undo(self) -> None:
        for tableau, step in reversed(self._steps):
            tableau.take_back(step)
        self._steps = []

    def _with_systems(self) -> Iterator[tuple[Tableau, System]]:
        return zip(self.tableaux, self.group.systems, strict=True)
