"""What the attacker takes for granted about several releases together.

Belongs here: which earlier releases add anything, which figures may be old, in what order
assumptions are tried. Does not belong here: bounding under an assumption.

A frozen figure stands in a release as it was released before, without a mark, so a figure that is
the same in two releases is either untouched or frozen. The attacker first takes every figure for
what it seems to be: the state at its release. Only if the figures then contradict each other does
he doubt, and then ring by ring: first the unchanged figures in an equation with a changed one, then
those in an equation with a doubted one, at last all unchanged ones. A doubted figure still is what
it is at the earlier release. Besides, he tries the belief that answers were only added, under which
every table is at most its successor and the differences are a nonnegative table themselves;
corrected or removed answers contradict it, and then he has to do without.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dagster_project.disclosure.attack.catalogue import Flags
from dagster_project.disclosure.attack.measured import Equations, Measured
from dagster_project.disclosure.attack.names import CLOSE

RINGS = 3


def differing_releases(measures: list[Measured]) -> tuple[int, ...]:
    """Return the releases that say something of their own, the one under attack (0) first.

    An earlier release is left out if all it shows of these measures is shown the same way by one
    that is kept.
    """
    kept = [0]
    for release in range(1, measures[0].present.shape[0]):
        if all(any(_differs(one, release, other) for one in measures) for other in kept):
            kept.append(release)
    return tuple(kept)


def differs(measured: Measured, releases: tuple[int, ...]) -> bool:
    """Whether the measure is not the same in all these releases."""
    return any(_differs(measured, release, 0) for release in releases[1:])


def _differs(measured: Measured, release: int, other: int) -> bool:
    """Whether `release` shows anything that `other` does not show the same way."""
    scope = measured.scope[release]
    if not scope.any():
        return False
    rows = (measured.present, measured.hidden)
    if any((flags[release] != flags[other])[scope].any() for flags in rows):
        return True
    shown = scope & measured.known[release] & measured.known[other]
    apart = np.abs(measured.values[release] - measured.values[other])[:, shown]
    return bool((apart > CLOSE).any())


def doubts(
    measured: Measured, releases: tuple[int, ...], equations: Equations, valid: Flags
) -> Iterator[Flags]:
    """Yield ever more figures that may be frozen, none first, as flags of (release, cell)."""
    same, changed = _same(measured, releases)
    doubted = np.zeros_like(same)
    yield doubted.copy()
    if not same.any():
        return
    suspect = changed
    for _ in range(RINGS):
        wider = doubted.copy()
        for row in range(len(releases)):
            touched = np.zeros(len(equations.parent), dtype=bool)
            touched[equations.row[suspect[row][equations.cell]]] = True
            inside = (touched & valid[row])[equations.row]
            wider[row, equations.cell[inside]] = True
        wider &= same
        if not np.array_equal(wider, doubted):
            doubted = wider
            yield doubted.copy()
        suspect = doubted
    if not np.array_equal(doubted, same):
        yield same


def _same(measured: Measured, releases: tuple[int, ...]) -> tuple[Flags, Flags]:
    """Figures published the same way in an earlier release, and figures that are not."""
    same = np.zeros((len(releases), measured.present.shape[1]), dtype=bool)
    shown = measured.present & ~measured.hidden
    for row, release in enumerate(releases):
        for earlier in range(release + 1, len(measured.present)):
            apart = np.abs(measured.values[release] - measured.values[earlier]).max(axis=0)
            same[row] |= shown[release] & shown[earlier] & (apart <= CLOSE)
    return same, shown[list(releases)] & ~same
