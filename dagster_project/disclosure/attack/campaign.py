"""The attack on one block under one assumption: all its measures, and what ties them together.

Belongs here: the order of the steps. Does not belong here: solving, or reading off the results.

Why tables can be bounded one by one. A measure is a sum of nonnegative tables (respondents by class
of score) that obey the same equations and are known in the same cells. Any choice of a table for
each class fits everything published, so the possible values of n, the total or the mean are just
those that arise from independent choices: the interval of a sum is the sum of the intervals. What
does tie tables together is that nobody gives a score who did not respond: the n of a measure is at
most the number of respondents of the cell. Those bounds are passed to and fro until they settle.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dagster_project.disclosure.attack.catalogue import Flags, Floats
from dagster_project.disclosure.attack.explore import Aims, Explorer
from dagster_project.disclosure.attack.measured import Equations, Measured
from dagster_project.disclosure.attack.names import BASE, BIG, CLOSE, INVITED
from dagster_project.disclosure.attack.program import Program
from dagster_project.disclosure.attack.propagate import Propagation
from dagster_project.disclosure.attack.structure import Structure, View, structure_of

ROUNDS = 4


@dataclass
class Workshop:
    """Structures and solvers of a block, shared by all measures with the same pattern."""

    equations: Equations
    structures: dict[bytes, tuple[Structure, Propagation]] = field(default_factory=dict)
    programs: dict[bytes, Program] = field(default_factory=dict)

    def structure(self, view: View) -> tuple[Structure, Propagation]:
        """Return the structure of a view, built once."""
        mark = view.fingerprint
        if mark not in self.structures:
            structure = structure_of(view, self.equations)
            self.structures[mark] = structure, Propagation(structure)
        return self.structures[mark]

    def program(self, view: View) -> Program:
        """Return the solver of a view, with the basis of whoever used it last."""
        mark = view.fingerprint
        if mark not in self.programs:
            self.programs[mark] = Program(self.structure(view)[0])
        return self.programs[mark]

    @property
    def solved(self) -> int:
        """Programs solved so far."""
        return sum(program.solved for program in self.programs.values())


class Posed:
    """One measure under one view, with bounds for every table.

    `low` and `high` have one row per table (n first) and one column per variable. `somebody` marks,
    for the respondents, the cells that must have one, as figures of them have a row.
    """

    def __init__(self, measured: Measured, view: View, workshop: Workshop) -> None:
        self.measured, self.view, self.workshop = measured, view, workshop
        self.structure, self._propagation = workshop.structure(view)
        self.values = measured.values[list(view.releases)]
        tables = self.values.shape[1]
        self.low = np.zeros((tables, self.structure.variables))
        self.high = np.full((tables, self.structure.variables), BIG)
        if not view.only_added:
            changes = self.structure.change[self.structure.change >= 0]
            self.low[:, changes] = -BIG
        self.right = [self.structure.right_side(self.values[:, t]) for t in range(tables)]
        self.explorers: dict[int, Explorer] = {}
        self.somebody = np.zeros(self.unknown.shape, dtype=bool)

    @property
    def unknown(self) -> Flags:
        """Hidden cells, by release of the view (rows)."""
        return self.structure.place >= 0

    def spread(self, figures: Floats, table: int) -> Floats:
        """Lay bounds of a table out over (release, cell), known values where they are known."""
        place = self.structure.place
        laid = np.where(place >= 0, 0.0, self.values[:, table])
        laid[place >= 0] = figures[place[place >= 0]]
        return laid

    def tighten(self, tables: range | None = None) -> None:
        """Let every equation on its own narrow the bounds.

        Raises:
            ContradictionError: the figures contradict each other.

        """
        for table in tables or range(len(self.low)):
            self.low[table], self.high[table] = self._propagation.tighten(
                self.right[table],
                self.low[table],
                self.high[table],
                whole=self.measured.whole[table],
            )

    def explorer(self, table: int) -> Explorer:
        """Return the search on one table."""
        program = self.workshop.program(self.view)
        if table not in self.explorers:
            self.explorers[table] = Explorer(
                program,
                self.right[table],
                self.low[table],
                self.high[table],
                whole=self.measured.whole[table],
            )
        return self.explorers[table]

    def settle(self, table: int, aims: Aims) -> None:
        """Search on one table until the aims are met, and keep the bounds found."""
        explorer = self.explorer(table)
        explorer.settle(aims)
        self.low[table] = np.maximum(self.low[table], explorer.low)
        self.high[table] = np.minimum(self.high[table], explorer.high)


def pose(measures: list[tuple[Measured, View]], workshop: Workshop) -> list[Posed]:
    """Pose all measures, the respondents first, and let their bounds narrow each other.

    Raises:
        ContradictionError: the figures contradict each other.

    """
    posed = [Posed(measured, view, workshop) for measured, view in measures]
    base, others = posed[0], posed[1:]
    for other in others:
        if other.measured.measure.name != INVITED:
            base.somebody |= other.measured.present[list(other.view.releases)]
    cells = base.unknown & base.somebody
    base.low[0, base.structure.place[cells]] = 1.0
    base.tighten()
    for other in others:
        other.tighten()
    couple(posed)
    return posed


def couple(posed: list[Posed]) -> bool:
    """Pass bounds between the respondents and the n of each measure; True if any narrowed."""
    base, ever = posed[0], False
    for _ in range(ROUNDS):
        moved = False
        for other in posed[1:]:
            if other.measured.measure.name in (BASE, INVITED):
                continue
            moved |= _narrow_measure(base, other)
            moved |= _narrow_base(base, other)
        ever |= moved
        if not moved:
            break
    return ever


def _narrow_measure(base: Posed, other: Posed) -> bool:
    """Nobody gives a score who did not respond."""
    place = other.structure.place
    most = base.spread(base.high[0], 0)
    cells = other.unknown & ~np.isnan(most)
    limit = np.full(other.structure.variables, BIG)
    limit[place[cells]] = most[cells]
    if not (limit < other.high[0] - CLOSE).any():
        return False
    other.high[0] = np.minimum(other.high[0], limit)
    other.tighten(range(1))
    return True


def _narrow_base(base: Posed, other: Posed) -> bool:
    """Who gave a score responded."""
    place = base.structure.place
    least = other.spread(other.low[0], 0)
    present = other.measured.present[list(other.view.releases)]
    cells = base.unknown & present & ~np.isnan(least)
    limit = np.zeros(base.structure.variables)
    limit[place[cells]] = least[cells]
    if not (limit > base.low[0] + CLOSE).any():
        return False
    base.low[0] = np.maximum(base.low[0], limit)
    base.tighten()
    return True
