"""The search of one vintage of a block, or of one difference: all its measures together.

Belongs here: what ties measures together, and what is searched for in which order. Does not belong
here: programs, or reading off the results.

Why tables can be bounded one by one. A measure is a sum of nonnegative tables (respondents by class
of score) that obey the same equations and are known in the same cells. Any choice of a table for
each class fits everything published, so the possible values of n, the total or the mean are just
those that arise from independent choices: the interval of a sum is the sum of the intervals. What
does tie tables together is that only respondents give a score. So those who responded and did not
answer, the item non-response, are one more nonnegative table that obeys the equations: it is known
where both numbers are published, and where the respondents are, it gives n. Bounds are passed to
and fro between respondents, n and non-response until they settle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from dagster_project.disclosure.attack.blocks import Targets
from dagster_project.disclosure.attack.explore import Aims, Explorer, Program
from dagster_project.disclosure.attack.layout import (
    BIG,
    CLOSE,
    FIGURES,
    INVITED,
    Flags,
    Floats,
    Ints,
)
from dagster_project.disclosure.attack.structure import Propagation, Structure, structure_of
from dagster_project.disclosure.attack.tables import Equations, Measured

N, TOTAL, MEAN = range(len(FIGURES))
ROUNDS = 4
SEARCHES = 3


@dataclass
class Workshop:
    """Structures and solvers of a block, shared by all measures with the same hidden cells."""

    equations: Equations
    structures: dict[bytes, tuple[Structure, Propagation]] = field(default_factory=dict)
    programs: dict[bytes, Program] = field(default_factory=dict)

    def structure(self, measured: Measured) -> tuple[Structure, Propagation]:
        """Return the structure of a measure, built once."""
        mark = measured.fingerprint
        if mark not in self.structures:
            structure = structure_of(measured, self.equations)
            self.structures[mark] = structure, Propagation(structure)
        return self.structures[mark]

    def program(self, measured: Measured) -> Program:
        """Return the solver of a measure, with the basis of its last use."""
        mark = measured.fingerprint
        if mark not in self.programs:
            self.programs[mark] = Program(self.structure(measured)[0])
        return self.programs[mark]

    @property
    def solved(self) -> int:
        """Programs solved so far."""
        return sum(program.solved for program in self.programs.values())


class Posed:
    """One measure with bounds for every table.

    `low` and `high` have one row per table (n first) and one column per hidden cell. `is_part`:
    those counted are among the respondents of their cell; `nonresponse` is the table of the others,
    where it may tell of n.
    """

    nonresponse: Posed | None = None
    is_part: bool = False

    def __init__(self, measured: Measured, workshop: Workshop) -> None:
        self.measured, self.workshop = measured, workshop
        self.structure, self._propagation = workshop.structure(measured)
        self.low, self.high = (end[:, self.structure.cells] for end in measured.bounds())
        self.right = self.structure.right_sides(measured.values)
        self.whole = np.array(measured.whole)
        self.explorers: dict[int, Explorer] = {}

    @property
    def unknown(self) -> Flags:
        """Hidden cells."""
        return self.structure.place >= 0

    def spread(self, figures: Floats, table: int) -> Floats:
        """Lay bounds of a table out over the cells, known values where they are known."""
        laid: Floats = self.measured.values[table].copy()
        laid[self.structure.cells] = figures
        return laid

    def tighten(self, tables: slice = slice(None)) -> None:
        """Let every equation on its own narrow the bounds.

        Raises:
            ContradictionError: the figures contradict each other.

        """
        self.low[tables], self.high[tables] = self._propagation.tighten(
            self.right[tables], self.low[tables], self.high[tables], self.whole[tables]
        )

    def settle(self, table: int, aims: Aims) -> None:
        """Search on one table until the aims are met, and keep the bounds found."""
        if table not in self.explorers:
            self.explorers[table] = Explorer(
                self.workshop.program(self.measured),
                self.right[table],
                self.low[table],
                self.high[table],
                whole=self.measured.whole[table],
            )
        explorer = self.explorers[table]
        explorer.settle(aims)
        self.low[table] = np.maximum(self.low[table], explorer.low)
        self.high[table] = np.minimum(self.high[table], explorer.high)

    def narrow(self, low: Floats, high: Floats, where: Flags) -> bool:
        """Let bounds by cell narrow those of n; True if any did."""
        cells = self.structure.cells
        use = where[cells] & ~np.isnan(low[cells]) & ~np.isnan(high[cells])
        least = np.where(use, np.maximum(self.low[0], low[cells]), self.low[0])
        most = np.where(use, np.minimum(self.high[0], high[cells]), self.high[0])
        if not ((least > self.low[0] + CLOSE) | (most < self.high[0] - CLOSE)).any():
            return False
        self.low[0], self.high[0] = least, most
        self.tighten(slice(1))
        return True


def pose(
    measures: list[Measured], workshop: Workshop, apart: frozenset[int] = frozenset()
) -> list[Posed]:
    """Pose all measures, the respondents first, and let their bounds narrow each other.

    Args:
        measures: those of one vintage, or of one difference.
        workshop: the solvers of the block.
        apart: numbers of measures whose people need not have responded in the same cell.

    Raises:
        ContradictionError: the figures contradict each other.

    """
    posed = [Posed(measured, workshop) for measured in measures]
    base, others = posed[0], posed[1:]
    base.tighten()
    for other in others:
        other.tighten()
        other.is_part = other.measured.number not in apart
        if other.is_part:
            other.nonresponse = _nonresponse(base, other, workshop)
    couple(posed)
    return posed


def _nonresponse(base: Posed, other: Posed, workshop: Workshop) -> Posed | None:
    """Pose those who did not answer, where they may tell of a hidden n; None elsewhere."""
    ours, theirs = other.measured, base.measured
    telling = other.unknown & theirs.present & ~base.unknown
    if not telling.any() and ours.measure.name != INVITED:
        return None
    measured = replace(
        ours,
        scores=(),
        whole=(True,),
        values=theirs.values - ours.values[:1],
        known=ours.known & theirs.known,
        scope=ours.scope & theirs.scope & (theirs.present | ~ours.present),
        valid=ours.valid & theirs.valid,
        least=np.zeros_like(ours.least),
        told=None,
    )
    posed = Posed(measured, workshop)
    posed.tighten()
    return posed


def couple(posed: list[Posed]) -> None:
    """Pass bounds between the respondents, the n of each measure and those who did not answer."""
    base = posed[0]
    listed = base.measured.present
    for _ in range(ROUNDS):
        moved = False
        for other in posed[1:]:
            if not other.is_part:
                continue
            nothing = np.zeros(len(listed))
            unlimited = np.full(len(listed), BIG)
            moved |= other.narrow(nothing, base.spread(base.high[0], 0), listed)
            least = other.spread(other.low[0], 0)
            moved |= base.narrow(least, unlimited, other.measured.present)
            if other.nonresponse is not None:
                moved |= _narrow_by_nonresponse(base, other, other.nonresponse)
        if not moved:
            break


def _narrow_by_nonresponse(base: Posed, other: Posed, silent: Posed) -> bool:
    """Respondents are those who answered and those who did not."""
    moved, listed = False, base.measured.present
    for narrowed, part in ((silent, other), (other, silent)):
        (least, most), (fewest, greatest) = _bounds(base), _bounds(part)
        moved |= narrowed.narrow(least - greatest, most - fewest, listed)
    (least, most), (fewest, greatest) = _bounds(other), _bounds(silent)
    return moved | base.narrow(least + fewest, most + greatest, listed)


def _bounds(posed: Posed) -> tuple[Floats, Floats]:
    return posed.spread(posed.low[0], 0), posed.spread(posed.high[0], 0)


def search(posed: list[Posed], targets: Targets | None) -> None:
    """Bound every hidden figure as far as the targets ask, and all others until they differ.

    Those who did not answer come first, as they can tell of n. What the n of a measure tells of the
    respondents is searched for as far as no table of respondents seen has so few, and those are
    searched again if it tells anything.
    """
    base = posed[0]
    for other in posed[1:]:
        if other.nonresponse is not None:
            _search_nonresponse(base, other, other.nonresponse, targets)
    couple(posed)
    for _ in range(SEARCHES):
        base.explorers.clear()
        _search_count(base, base, targets)
        before = base.low[0].copy()
        for other in posed[1:]:
            if other.structure.variables and has_own_count(base, other):
                _search_count(base, other, targets)
        couple(posed)
        if not (base.low[0] > before + CLOSE).any():
            break
    for other in posed[1:]:
        if other.structure.variables and len(other.low) > 1:
            _search_classes(other, targets)


def has_own_count(base: Posed, other: Posed) -> bool:
    """Whether n has to be searched for itself, as its classes do not say all there is to say.

    So it is in a weighted study, for a plain count, and where the number of respondents is known
    in a cell in which n is hidden, and so limits it.
    """
    if len(other.low) == 1 or other.measured.measure.weighted:
        return True
    return bool((other.unknown & ~base.unknown).any())


def _search_count(base: Posed, posed: Posed, targets: Targets | None) -> None:
    if targets is None:
        posed.settle(0, Aims.everything(posed.structure.variables))
        return
    aims = Aims.none(posed.structure.variables)
    aims.differ[:] = True
    if posed is not base:
        cells = posed.structure.cells
        both = base.unknown[cells]
        aims.low[both] = base.explorers[0].seen_low[base.structure.place[cells[both]]]
    variables, low, high = _targets(posed, targets, N)
    aims.low[variables] = np.minimum(aims.low[variables], low)
    aims.high[variables] = np.maximum(aims.high[variables], high)
    posed.settle(0, aims)


def _search_nonresponse(base: Posed, other: Posed, silent: Posed, targets: Targets | None) -> None:
    """Bound those who did not answer, where the number of respondents is known but n is not."""
    if targets is None:
        silent.settle(0, Aims.everything(silent.structure.variables))
        return
    aims = Aims.none(silent.structure.variables)
    telling = other.unknown & ~base.unknown
    if other.measured.measure.name == INVITED:  # whole channels may be without invitations
        telling = silent.unknown
    aims.differ[telling[silent.structure.cells]] = True
    silent.settle(0, aims)


def _search_classes(posed: Posed, targets: Targets | None) -> None:
    size, tables = posed.structure.variables, range(1, len(posed.low))
    if targets is None:
        for table in tables:
            posed.settle(table, Aims.everything(size))
        return
    aims = Aims.none(size)
    aims.differ[:] = True
    fully = _targets(posed, targets, N)[0]
    aims.low[fully], aims.high[fully] = -np.inf, np.inf
    for table in tables:
        posed.settle(table, aims)
    variables, low, high = _targets(posed, targets, MEAN)
    for far in (False, True):
        seen_low, seen_high = seen_means(posed, variables)
        open_ = (seen_low > low) & (seen_high < high)
        if not open_.any():
            return
        for table, aims in _aims_of_means(posed, variables[open_], low[open_], far=far):
            posed.settle(table, aims)


def _aims_of_means(
    posed: Posed, variables: Ints, means: Floats, *, far: bool
) -> Iterator[tuple[int, Aims]]:
    """Return what each class must reach for the means to come down to these, or all it can reach.

    With as few in the other classes as were seen, the lowest class must have so many.
    """
    scores = np.array(posed.measured.scores)
    size, lowest = posed.structure.variables, int(np.argmin(scores))
    for table in range(len(scores)):
        aims = Aims.none(size)
        if far:
            aims.low[variables], aims.high[variables] = -np.inf, np.inf
        elif table == lowest:
            seen = seen_bounds(posed)[0][:, variables]
            others = (scores[:, None] - means) * seen
            needed = others.sum(axis=0) - others[lowest]
            aims.high[variables] = needed / np.maximum(means - scores[lowest], CLOSE)
        else:
            continue
        yield 1 + table, aims


def _targets(posed: Posed, targets: Targets, figure: int) -> tuple[Ints, Floats, Floats]:
    """Variables of the targets with this figure, and how far their bounds matter."""
    mine = (targets.measure == posed.measured.number) & (targets.figure == figure)
    variables = posed.structure.place[targets.cell[mine]]
    kept = variables >= 0
    return variables[kept], targets.low[mine][kept], targets.high[mine][kept]


def seen_bounds(posed: Posed) -> tuple[Floats, Floats]:
    """For each class (rows) and variable, the bounds where proven, else what solutions reached."""
    low, high = posed.low[1:].copy(), posed.high[1:].copy()
    for table, explorer in posed.explorers.items():
        if table:
            low[table - 1], high[table - 1] = explorer.reported()
    return low, high


def seen_means(posed: Posed, variables: Ints) -> tuple[Floats, Floats]:
    """Return the range of each mean that solutions have shown to be possible.

    Solutions of the classes are found one by one, so together they may be too many people, or too
    few, for what is known of n: such show nothing, and the range is empty (inf to -inf).
    """
    low, high = seen_bounds(posed)
    least, most = means_within(posed, low, high)
    if not posed.measured.measure.weighted:
        too_many = low.sum(axis=0) > posed.high[0] + CLOSE
        too_few = high.sum(axis=0) < np.maximum(posed.low[0], 1) - CLOSE
        nothing = too_many | too_few
        least, most = np.where(nothing, np.inf, least), np.where(nothing, -np.inf, most)
    return least[variables], most[variables]


def means_within(posed: Posed, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return the range of each mean if every class (rows) has between `low` and `high` people."""
    n_low, n_high = np.maximum(posed.low[0], 1), posed.high[0]
    if posed.measured.measure.weighted:
        n_low, n_high = low.sum(axis=0), high.sum(axis=0)
    return mean_range(posed.measured.scores, low, high, n_low, n_high)


def total_range(scores: tuple[float, ...], low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Bounds of the sum of scores; `low` and `high` have a row per class."""
    weights = np.array(scores)[:, None]
    pair = weights * low, weights * high
    return np.minimum(*pair).sum(axis=0), np.maximum(*pair).sum(axis=0)


def mean_range(
    scores: tuple[float, ...], low: Floats, high: Floats, n_low: Floats, n_high: Floats
) -> tuple[Floats, Floats]:
    """Bounds of the mean of the scores of at least one respondent.

    Args:
        scores: score of each class.
        low: least number in each class (rows) of each cell (columns).
        high: greatest number, likewise.
        n_low: least number in all classes together.
        n_high: greatest number, likewise.

    """
    order = np.argsort(scores)
    least = _least_mean(np.array(scores)[order], low[order], high[order], n_low, n_high)
    falling = order[::-1]
    most = _least_mean(-np.array(scores)[falling], low[falling], high[falling], n_low, n_high)
    return least, -most


def _least_mean(scores: Floats, low: Floats, high: Floats, n_low: Floats, n_high: Floats) -> Floats:
    """Fill up from the lowest score on, as long as that lowers the mean or n is too small."""
    n, total = low.sum(axis=0), (scores[:, None] * low).sum(axis=0)
    n_low = np.maximum(n_low, 1e-9)
    for score, room in zip(scores, high - low, strict=True):
        allowed = np.clip(np.minimum(room, n_high - n), 0, None)
        needed = np.clip(n_low - n, 0, None)
        lowers = score * n < total
        added = np.where(lowers, allowed, np.minimum(allowed, needed))
        n = n + added
        total = total + score * added
    means: Floats = np.where(n > 0, total / np.where(n > 0, n, 1), scores[0])
    return means
