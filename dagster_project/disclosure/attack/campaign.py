"""The attack on one block under one assumption: all its measures, and what ties them together.

Belongs here: the order of the steps. Does not belong here: solving, or reading off the results.

Why tables can be bounded one by one. A measure is a sum of nonnegative tables (respondents by class
of score) that obey the same equations and are known in the same cells. Any choice of a table for
each class fits everything published, so the possible values of n, the total or the mean are just
those that arise from independent choices: the interval of a sum is the sum of the intervals. What
does tie tables together is that nobody gives a score who did not respond. So those who responded
and did not answer, the item non-response, are one more nonnegative table that obeys the equations:
it is known where both numbers are published, and where the respondents are, it gives n. Bounds are
passed to and fro between respondents, n and non-response until they settle.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from dagster_project.disclosure.attack.catalogue import Flags, Floats
from dagster_project.disclosure.attack.explore import Aims, Explorer
from dagster_project.disclosure.attack.measured import Equations, Measured
from dagster_project.disclosure.attack.names import BIG, CLOSE, INVITED
from dagster_project.disclosure.attack.program import Program
from dagster_project.disclosure.attack.propagate import ContradictionError, Propagation
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
    for the respondents, the cells that must have one, as figures of them have a row. `is_part`:
    those counted are among the respondents of their cell; `nonresponse` is the table of the others,
    where it may tell of n.
    """

    nonresponse: Posed | None = None
    is_part: bool = False

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

    @property
    def listed(self) -> Flags:
        """Cells that have a row, by release of the view (rows)."""
        return np.asarray(self.measured.present[list(self.view.releases)])

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


def pose(
    measures: list[tuple[Measured, View]], workshop: Workshop, apart: frozenset[int] = frozenset()
) -> list[Posed]:
    """Pose all measures, the respondents first, and let their bounds narrow each other.

    Args:
        measures: each with what is taken for granted about it.
        workshop: the solvers of the block.
        apart: numbers of measures whose people need not have responded in the same cell.

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
        other.is_part = other.measured.measure.name != INVITED or (
            other.measured.number not in apart
        )
        if other.is_part and not other.view.only_added:
            other.nonresponse = _nonresponse(base, other, workshop)
    couple(posed)
    return posed


def _nonresponse(base: Posed, other: Posed, workshop: Workshop) -> Posed | None:
    """Pose those who did not answer, where they may tell of a hidden n; None elsewhere."""
    telling = other.unknown & base.listed & ~base.unknown
    if not telling.any() and other.measured.measure.name != INVITED:
        return None
    ours, theirs = other.view, base.view
    present = other.measured.present[list(ours.releases)]
    view = replace(
        ours,
        known=ours.known & theirs.known,
        scope=ours.scope & theirs.scope & (base.listed | ~present),
        valid=ours.valid & theirs.valid,
    )
    measured = replace(
        other.measured,
        scores=(),
        whole=(True,),
        values=base.measured.values - other.measured.values[:, :1],
    )
    try:
        posed = Posed(measured, view, workshop)
        posed.tighten()
    except ContradictionError:
        return None  # figures of different times
    return posed


def couple(posed: list[Posed]) -> bool:
    """Pass bounds between the respondents and the n of each measure; True if any narrowed."""
    base, ever = posed[0], False
    for _ in range(ROUNDS):
        moved = False
        for other in posed[1:]:
            if not other.is_part:
                continue
            moved |= _narrow_measure(base, other)
            moved |= _narrow_base(base, other)
            if other.nonresponse is not None:
                moved |= _narrow_by_nonresponse(base, other, other.nonresponse)
        ever |= moved
        if not moved:
            break
    return ever


def _narrow_measure(base: Posed, other: Posed) -> bool:
    """Nobody gives a score who did not respond."""
    place = other.structure.place
    most = base.spread(base.high[0], 0)
    cells = other.unknown & base.listed & ~np.isnan(most)
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


def _narrow_by_nonresponse(base: Posed, other: Posed, silent: Posed) -> bool:
    """Respondents are those who answered and those who did not."""
    moved = False
    for narrowed, part in ((silent, other), (other, silent)):
        (least, most), (fewest, greatest) = _bounds(base), _bounds(part)
        moved |= _narrow(narrowed, least - greatest, most - fewest, base.listed)
    (least, most), (fewest, greatest) = _bounds(other), _bounds(silent)
    return moved | _narrow(base, least + fewest, most + greatest, base.listed)


def _bounds(posed: Posed) -> tuple[Floats, Floats]:
    return posed.spread(posed.low[0], 0), posed.spread(posed.high[0], 0)


def _narrow(posed: Posed, low: Floats, high: Floats, where: Flags) -> bool:
    """Let bounds by (release, cell) narrow those of n; True if any did."""
    place = posed.structure.place
    cells = posed.unknown & where & ~np.isnan(low) & ~np.isnan(high)
    least, most = posed.low[0].copy(), posed.high[0].copy()
    least[place[cells]] = np.maximum(least[place[cells]], low[cells])
    most[place[cells]] = np.minimum(most[place[cells]], high[cells])
    if not ((least > posed.low[0] + CLOSE) | (most < posed.high[0] - CLOSE)).any():
        return False
    posed.low[0], posed.high[0] = least, most
    posed.tighten(range(1))
    return True
