"""Who answered a question and who did not, among those who responded.

Belongs here: the table of those who answered, with those who did not and those who responded. Does
not belong here: what has to be open of it (figures).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dagster_project.disclosure.protect.blocks import Block, Equations, Flags, Floats, Ints, Measure
from dagster_project.disclosure.protect.bounds import Component, Space
from dagster_project.disclosure.protect.changes import Changes
from dagster_project.disclosure.protect.elimination import Tableau
from dagster_project.disclosure.protect.groups import Group, System, spread
from dagster_project.disclosure.protect.rules import SLACK


def is_part(block: Block, measure: Measure) -> bool:
    """Whether those counted are among the respondents of their cell.

    Who answers a question is. Who answered an invitation is counted in the cell of that, so it has
    to be seen; nobody knows better who reads that it is so wherever both numbers are published.
    """
    if measure.kind != "count":
        return True
    listed = np.zeros(block.size, dtype=bool)
    listed[np.intersect1d(measure.cells, block.base.cells)] = True
    return bool(compared(block, measure)[listed].all())


def fewest_answers(block: Block) -> Floats:
    """Count the fewest of the respondents who answered any question, by cell, shape (cells,)."""
    fewest = np.full(block.size, np.inf)
    for measures in block.measures.values():
        for measure in measures:
            if is_part(block, measure):
                cells = measure.cells
                fewest[cells] = np.minimum(fewest[cells], measure.n)
    return fewest


def compared(block: Block, measure: Measure) -> Flags:
    """Cells in which those counted are among the respondents, shape (cells,)."""
    listed = np.zeros(block.size, dtype=bool)
    listed[block.base.cells] = True
    return np.asarray(listed & (spread(measure, measure.n, block.size) <= block.respondents))


@dataclass(frozen=True)
class Answerers:
    """How many answered, by cell, shape (cells,).

    `most` is the number of respondents where it is published, else infinite. `alone` is the table
    by itself; `linked` comes with those who did not answer: where the number of respondents is
    published they add up as the others do, so those are a table too. `within` is the table by
    itself if nobody responds but who did: all that it shows the other shows as well, at less cost.
    """

    most: Floats
    alone: Component
    within: Component
    linked: Component | None
    compared: Flags

    @classmethod
    def of(cls, group: Group, measure: Measure, system: System) -> Answerers:
        """Count those who answered, with what is known of them from those who responded."""
        block = group.block
        n = spread(measure, measure.n, block.size)
        nothing = np.zeros(block.size, dtype=bool)
        if not is_part(block, measure):
            most = np.full(block.size, np.inf)
            alone = Component(n, whole=True)
            return cls(most, alone, alone, None, nothing)
        counted = compared(block, measure)
        published = counted & ~group.below
        highest = np.where(counted, block.respondents.astype(float), np.inf)
        most = np.where(published, highest, np.inf)
        alone = Component(n, whole=True, ceiling=most)
        linked = replace(alone, tied=Silent.of(group, measure, system))
        within = Component(n, whole=True, ceiling=highest)
        return cls(most, alone, within, linked, published & system.asked)

    def tables(self, cells: Ints, hidden: Flags) -> Iterator[tuple[Component, Ints]]:
        """Say by which table to judge each cell: where the respondents are known, by the link."""
        if self.linked is None or not (hidden & self.compared).any():
            yield self.alone, cells
            return
        known = np.isfinite(self.most[cells])
        yield self.alone, cells[~known]
        yield self.linked, cells[known]


@dataclass(frozen=True)
class Silent:
    """Those who did not answer by cell, and then those who responded: see `bounds.Tied`.

    `here`, shape (cells,), are the cells where both are counted, `responded` those of them in which
    the number of respondents is hidden. `alike`: those who did not answer add up wherever those who
    answered do.
    """

    values: Floats
    floor: Floats
    hidden: Flags
    cell: Ints
    equations: Equations
    system: System
    here: Flags
    responded: Flags
    alike: bool

    @classmethod
    def of(cls, group: Group, measure: Measure, system: System) -> Silent:
        """Lay them out for a measure."""
        block, size, equations = group.block, group.block.size, system.equations
        responded = block.respondents.astype(float)
        here = np.zeros(size, dtype=bool)
        here[measure.cells] = True
        here &= compared(block, measure)
        silent = np.where(here, responded - spread(measure, measure.n, size), 0.0)
        together = [(2 * size + c, (c, size + c)) for c in np.flatnonzero(here).tolist()]
        # they do not add up where a part is not asked, and has respondents all the same
        whole = here[equations.parents] & (equations.sums((~here).astype(float)) == 0)
        whole &= np.abs(equations.gaps(silent)) <= SLACK
        sums = [
            (size + parent, (size + children).tolist())
            for add_up, (parent, children) in zip(whole, equations, strict=True)
            if add_up
        ]
        return cls(
            values=np.concatenate([silent, np.where(here, responded, 0.0)]),
            floor=np.concatenate([np.zeros(size), np.where(here, np.minimum(responded, 1.0), 0.0)]),
            hidden=np.concatenate([here, group.below & here]),
            cell=np.tile(np.arange(size), 2),
            equations=Equations.listed(3 * size, [*together, *sums]),
            system=system,
            here=here,
            responded=group.below & here,
            alike=bool(whole.all() and (here | ~system.asked).all()),
        )

    def space(self, tableau: Tableau, alone: Space) -> Space:
        """Return the changes that keep what is published, if `alone` are those of who answered.

        Either those who answer more answered less before; or as many more responded, and answered
        or not.
        """
        if not self.alike:
            return self._from_scratch(tableau)
        size, answered = len(self.here), alone.basis
        inside = tableau.copy()
        for cell in np.flatnonzero(~tableau.published & self.here & ~self.responded):
            inside.tell(int(cell))
        more = Changes.of(inside.directions())
        responded = Changes(more.row, more.figure + 2 * size, more.size)
        silent = Changes(more.row, more.figure + size, more.size)
        apart = answered.beside(Changes(answered.row, answered.figure + size, -answered.size))
        return Space(apart.and_then(silent.beside(responded)), more.beside(responded))

    def _from_scratch(self, tableau: Tableau) -> Space:
        """Find the changes by eliminating all that is known, one by one."""
        size = len(self.here)
        answered, empty = self.system.equations, self.system.empty
        sums = [(parent, children.tolist()) for parent, children in answered]
        sums += [(parent, children.tolist()) for parent, children in self.equations]
        nobody = np.concatenate([empty, ~self.here, ~self.here])
        everything = Tableau.plain(Equations.listed(3 * size, sums), nobody)
        nothing = np.zeros(size, dtype=bool)
        told = np.concatenate([tableau.published, nothing, self.here & ~self.responded])
        for figure in np.flatnonzero(told & ~nobody):
            everything.tell(int(figure))
        return Space(Changes.of(everything.directions()))
