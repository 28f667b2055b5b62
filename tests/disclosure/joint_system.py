"""The joint system of all releases of a history: unknowns, what is published, what adds up.

An unknown is a leaf cell in one version of its quarter. Every release adds equations between
unknowns, and a quarter that was not revised has the same unknowns in both; a leaf without a row is
known to be 0. Nothing else is assumed: no nesting of patterns, no argument why a revision is safe.

Belongs here: the equations. Does not belong here: what follows from them (joint_differences,
joint_oracle).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from histories import (
    ALL,
    BASE,
    Cell,
    Column,
    History,
    Release,
)
from joint_algebra import Bounds, Vector

FREE, ADDED = "free", "added"


@dataclass(frozen=True)
class Demands:
    """What is promised: fewest respondents of a union, and the reach of intervals."""

    min_n: int = 10
    width: float = 0.2
    rows_stay: bool = False
    """Whether a leaf that had a row in an earlier version keeps one when nobody is left."""

    def reach(self, n: int) -> int:
        return max(1, math.ceil(self.width * n - 1e-9))


@dataclass(frozen=True)
class Finding:
    """Something forbidden that the reader knows; `kind` names the promise it breaks."""

    kind: str
    group: str
    belief: str
    what: str


class Joint:
    """The joint system of one group over all releases of a history."""

    def __init__(self, history: History, group: str, demands: Demands) -> None:
        """Add up the people of every version."""
        self.history, self.group, self.demands = history, group, demands
        self.shape = history.shape
        self.versions = sorted({x for r in history.releases for x in r.versions.items()})
        self.people: dict[Column, int] = {}
        self.n: dict[Column, int] = {}
        self.total: dict[Column, int] = {}
        for quarter, version in self.versions:
            for person in history.tables[quarter, version]:
                score = 1 if group == BASE else person.grade
                for leaf in self.shape.leaves_of(person):
                    column = (leaf, version)
                    self.people[column] = self.people.get(column, 0) + 1
                    self.n[column] = self.n.get(column, 0) + (score is not None)
                    self.total[column] = self.total.get(column, 0) + (score or 0)

        before = self._had_a_row()
        self.least = {c: 0.0 if c in before else 1.0 for c in self.people}

    def _had_a_row(self) -> set[Column]:
        """Add the rows that stay; return the columns of leaves that had a row before."""
        found: set[Column] = set()
        if not self.demands.rows_stay:
            return found
        for quarter, version in self.versions:
            for v in range(1, version):
                for person in self.history.tables[quarter, v]:
                    found |= {(leaf, version) for leaf in self.shape.leaves_of(person)}
        for column in found:
            for figures in (self.people, self.n, self.total):
                figures.setdefault(column, 0)
        return found

    def vector(self, leaves: Iterable[Cell], release: Release) -> Vector:
        """Write leaves as unknowns; those without a row are known to be 0."""
        columns = ((leaf, release.versions.get(leaf[0], 0)) for leaf in leaves)
        return {column: 1 for column in columns if column in self.people}

    def rows(self, release: Release) -> Iterator[tuple[Cell, Vector]]:
        """List the cells that have a row in a release."""
        periods = [*release.versions, *([self.shape.year] if release.year else [])]
        for cell in self.shape.cells(periods):
            vector = self.vector(self.shape.ways(cell)[0], release)
            if vector:
                yield cell, vector

    @cached_property
    def facts(self) -> list[Vector]:
        """What is published, and that partitions of one cell have the same total."""
        return self.told(self.group) + self.ties

    def told(self, group: str) -> list[Vector]:
        seen = {
            tuple(sorted(vector)): vector
            for release in self.history.releases
            for cell, vector in self.rows(release)
            if cell in release.shown[group]
        }
        return list(seen.values())

    @cached_property
    def ties(self) -> list[Vector]:
        found = []
        for quarter, version in self.versions:
            release = Release({quarter: version}, False, {})
            for channel in self.shape.channels or (ALL,):
                ways = self.shape.ways((quarter, channel, ALL, ALL))
                first = self.vector(ways[0], release)
                for way in ways[1:]:
                    other = self.vector(way, release)
                    if first:
                        found.append({**first, **dict.fromkeys(other, -1)})
        return found

    def value(self, vector: Mapping[Column, float], of: Mapping[Column, int]) -> float:
        return sum(x * of[c] for c, x in vector.items())

    def floor(self, vector: Mapping[Column, int], belief: str) -> float:
        """Return the fewest respondents that the rows below a cell stand for, whatever is told."""
        return self._rows_alone[belief].interval({("n", c): x for c, x in vector.items()})[0]

    @cached_property
    def _rows_alone(self) -> dict[str, Bounds]:
        least = {("n", c): x for c, x in self.least.items()}
        ties = [({("n", c): x for c, x in v.items()}, 0.0) for v in self.ties]
        more = [(less("n", a, b), 0.0) for a, b in self._pairs()]
        found = {FREE: Bounds(least, ties), ADDED: Bounds(least, ties, more)}
        return found if found[ADDED].feasible else {**found, ADDED: found[FREE]}

    def _pairs(self) -> Iterator[tuple[Column | None, Column | None]]:
        """Pair each unknown with the same leaf one version later; None has no row."""
        out = set(self.versions)
        leaves = sorted({leaf for leaf, _ in self.people})
        for (quarter, version), leaf in ((x, leaf) for x in self.versions for leaf in leaves):
            if leaf[0] != quarter or (quarter, version + 1) not in out:
                continue
            a, b = ((leaf, v) for v in (version, version + 1))
            if a in self.people or b in self.people:
                yield (a if a in self.people else None), (b if b in self.people else None)

    def hidden(self) -> Iterator[tuple[int, Cell, Vector]]:
        """List cells that a release hides; the same unknowns only once, and none that are told."""
        seen = {tuple(sorted(vector)) for vector in self.told(self.group)}
        for number, release in enumerate(self.history.releases, start=1):
            for cell, vector in self.rows(release):
                key = tuple(sorted(vector))
                if cell not in release.shown[self.group] and key not in seen:
                    seen.add(key)
                    yield number, cell, vector


def less(kind: str, a: Column | None, b: Column | None) -> Vector:
    """Write b - a."""
    return {**({(kind, b): 1} if b else {}), **({(kind, a): -1} if a else {})}
