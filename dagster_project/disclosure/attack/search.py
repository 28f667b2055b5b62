"""What is searched for in each table of a posed block, given what the judge wants to know.

Belongs here: turning targets into aims, and the order of searches. Does not belong here: programs.
"""

from __future__ import annotations

import numpy as np

from dagster_project.disclosure.attack.blocks import Targets
from dagster_project.disclosure.attack.campaign import Posed, couple
from dagster_project.disclosure.attack.catalogue import Floats, Ints
from dagster_project.disclosure.attack.explore import Aims
from dagster_project.disclosure.attack.means import mean_range, sum_range
from dagster_project.disclosure.attack.names import CLOSE, FIGURES, INVITED

N, MEAN, CHANGE = (FIGURES.index(name) for name in ("n", "mean", "change_n"))

ROUNDS = 3


def search(posed: list[Posed], targets: Targets | None) -> None:
    """Bound every hidden figure as far as the targets ask, and all others until they differ.

    Those who did not answer come first, as they can tell of n; the respondents last but for the
    classes, as the n of a measure can tell of them.
    """
    base = posed[0]
    for other in posed[1:]:
        if other.nonresponse is not None:
            _search_nonresponse(base, other, other.nonresponse, targets)
    couple(posed)
    for other in posed[1:]:
        if other.structure.variables and has_own_count(base, other):
            _search_count(base, other, targets)
    couple(posed)
    for _ in range(ROUNDS):
        base.explorers.clear()
        _search_count(base, base, targets)
        before = base.low[0].copy()
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
    size = posed.structure.variables
    if targets is None:
        posed.settle(0, Aims.everything(size))
        return
    aims = Aims.none(size)
    aims.differ[posed.structure.place[posed.unknown]] = True
    if posed is not base:
        both = posed.unknown & base.unknown
        aims.low[posed.structure.place[both]] = -np.inf
    for figure, places in ((N, posed.structure.place), (CHANGE, posed.structure.change)):
        variables, low, high = _targets(posed, targets, figure, places)
        aims.low[variables] = np.minimum(aims.low[variables], low)
        aims.high[variables] = np.maximum(aims.high[variables], high)
    posed.settle(0, aims)


def _search_nonresponse(base: Posed, other: Posed, silent: Posed, targets: Targets | None) -> None:
    """Bound those who did not answer, where the number of respondents is known but n is not."""
    size = silent.structure.variables
    if targets is None:
        silent.settle(0, Aims.everything(size))
        return
    aims = Aims.none(size)
    telling = silent.unknown & other.unknown & ~base.unknown
    if other.measured.measure.name == INVITED:  # whole channels may be without invitations
        telling = silent.unknown
    aims.differ[silent.structure.place[telling]] = True
    silent.settle(0, aims)


def _search_classes(posed: Posed, targets: Targets | None) -> None:
    size, tables = posed.structure.variables, range(1, len(posed.low))
    if targets is None:
        for table in tables:
            posed.settle(table, Aims.everything(size))
        return
    fully = np.zeros(size, dtype=bool)
    for figure, places in ((N, posed.structure.place), (CHANGE, posed.structure.change)):
        fully[_targets(posed, targets, figure, places)[0]] = True
    aims = Aims.none(size)
    aims.differ[posed.structure.place[posed.unknown]] = True
    aims.low[fully], aims.high[fully] = -np.inf, np.inf
    for table in tables:
        posed.settle(table, aims)
    variables, low, high = _targets(posed, targets, MEAN, posed.structure.place)
    if not len(variables):
        return
    seen_low, seen_high = seen_means(posed, variables)
    open_ = variables[(seen_low > low) & (seen_high < high)]
    aims = Aims.none(size)
    aims.low[open_], aims.high[open_] = -np.inf, np.inf
    for table in tables:
        posed.settle(table, aims)


def seen_means(posed: Posed, variables: Ints) -> tuple[Floats, Floats]:
    """Return the range of each mean that solutions have shown to be possible."""
    low, high = seen_bounds(posed)
    n_low, n_high = np.maximum(posed.low[0], 1), posed.high[0]
    if posed.measured.measure.weighted:
        n_low, n_high = sum_range(low, high)
    return mean_range(
        posed.measured.scores,
        low[:, variables],
        high[:, variables],
        n_low[variables],
        n_high[variables],
    )


def seen_bounds(posed: Posed) -> tuple[Floats, Floats]:
    """For each class (rows) and variable, the bounds where proven, else what solutions reached."""
    low, high = posed.low[1:].copy(), posed.high[1:].copy()
    for table in range(1, len(posed.low)):
        explorer = posed.explorers.get(table)
        if explorer is not None:
            low[table - 1], high[table - 1] = explorer.reported()
    return low, high


def _targets(
    posed: Posed, targets: Targets, figure: int, places: Ints
) -> tuple[Ints, Floats, Floats]:
    """Variables of the targets with this figure, and how far their bounds matter."""
    order = {release: k for k, release in enumerate(posed.view.releases)}
    stacked = np.array([order.get(int(release), -1) for release in targets.release], dtype=np.int64)
    mine = (targets.measure == posed.measured.number) & (targets.figure == figure) & (stacked >= 0)
    variables = places[stacked[mine], targets.cell[mine]]
    kept = variables >= 0
    return variables[kept], targets.low[mine][kept], targets.high[mine][kept]
