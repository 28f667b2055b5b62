"""What a reader who keeps every release can work out, from first principles.

An unknown is a leaf cell in one version of its quarter. Every release adds equations between
unknowns, and a quarter that was not revised has the same unknowns in both; a leaf without a row is
known to be 0. Nothing else is assumed: no nesting of patterns, no argument why a revision is safe.
Two beliefs are tried: answers may have been removed (`free`), or were only ever added (`added`).

Belongs here: findings about one history. Does not belong here: making histories, and protecting.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from histories import (
    ALL,
    BASE,
    GRADE,
    HIGH,
    LOW,
    MEASURES,
    Cell,
    Column,
    History,
    Release,
    Touched,
    figure,
    touched,
)
from joint_algebra import NEAR, Bounds, Vector, echelon, light_unions, spanned, within

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
        more = [(_less("n", a, b), 0.0) for a, b in self._pairs()]
        found = {FREE: Bounds(least, ties), ADDED: Bounds(least, ties, more)}
        return found if found[ADDED].feasible else {**found, ADDED: found[FREE]}

    # -- unions, by elimination ---------------------------------------------------------------

    def unions(self) -> Iterator[Finding]:
        """Find unions of leaves of one release with too few members."""
        for number, release in enumerate(self.history.releases, start=1):
            inside = {c for c in self.people if release.versions.get(c[0][0]) == c[1]}
            light = light_unions(
                within(self.facts, inside),
                self.n,
                self.demands.min_n,
                {c for c in inside if self.n[c]},
                lambda union: any(self.n[c] for c in union),
            )
            if light:
                n = sum(self.n[c] for c in light)
                yield Finding("union", self.group, FREE, f"{n} in {_names(light)} of {number}")

    def differences(self) -> Iterator[Finding]:
        """Find unions of leaves of which the change at a release tells of too few.

        Only those count who are touched for the first time, and within their leaf.
        """
        releases = list(enumerate(self.history.releases, start=1))
        for (i, old), (j, new) in pairwise(releases):
            revised = {q for q, v in old.versions.items() if new.versions[q] != v}
            if not revised:
                continue
            rows = within(
                [self._as_changes(row, old, new, revised) for row in self.facts],
                {("d", c[0]) for c in self.people},
            )
            for measure in MEASURES[self.group]:
                when = f"from {i} to {j}"
                yield from self._light_changes(rows, (old, new), measure, when)

    def _as_changes(self, row: Vector, old: Release, new: Release, revised: set[str]) -> Vector:
        """Write unknowns of revised quarters as what was there before and what changed."""
        result: Vector = {}
        for (leaf, version), x in row.items():
            quarter = leaf[0]
            parts: tuple[tuple[object, int], ...] = (((leaf, version), x),)
            if quarter in revised:
                before, after = (leaf, old.versions[quarter]), (leaf, new.versions[quarter])
                if (leaf, version) == after:
                    parts = ((("d", leaf), x),)
                    if before in self.people:
                        parts = (*parts, (before, x))
                elif (leaf, version) == before and after not in self.people:
                    parts = ((("d", leaf), -x),)
            for column, coefficient in parts:
                result[column] = result.get(column, 0) + coefficient
        return {c: x for c, x in result.items() if x}

    def _light_changes(
        self,
        rows: list[Vector],
        releases: tuple[Release, Release],
        measure: str,
        when: str,
    ) -> Iterator[Finding]:
        old, new = releases
        revised = {q for q, v in old.versions.items() if new.versions[q] != v}
        people = [self.history.people({q: r.versions[q] for q in revised}) for r in (old, new)]
        again = self.history.touched_before(measure, old.versions)
        who = touched(self.shape, *people, measure, again)
        light = light_unions(
            rows,
            {("d", leaf): n for leaf, n in who.changed.items()},
            self.demands.min_n,
            {("d", leaf) for leaf in (*who.changed, *who.ends())},
            lambda union: self._is_told(frozenset(leaf for _, leaf in union), who, new),
        )
        if light:
            leaves = [leaf for _, leaf in light]
            what = f"{who.weight(leaves)} of {measure} in {sorted(leaves)} {when}"
            yield Finding("change", self.group, FREE, what)

    def _is_told(self, union: frozenset[Cell], who: Touched, new: Release) -> bool:
        """Whether a union tells of few: something in it is touched, and not all of it is gone.

        Leaves that all lost their rows are told whatever is published; all their people left, and
        the earlier release told of no fewer than `min_n`.
        """
        return not who.nothing_in(union) and bool(self.vector(union, new))

    def sums_of_differences(self) -> Iterator[Finding]:
        """Find leaves, each between versions of its own, whose change tells of few people.

        People count who have a part in the sum: who was added in one step and removed in another
        has none.
        """
        steps = [(q, v) for q, v in self.versions if (q, v + 1) in self.versions]
        if not steps:
            return
        rows = within(self._in_steps(), self._step_columns(steps))
        columns = sorted({c for row in rows for c in row})
        unions = _zero_or_one(rows, columns)
        for measure in MEASURES[self.group]:
            parts = self._parts(columns, measure)
            if not parts:
                continue
            there = np.stack([(unions @ part != 0).any(axis=1) for part in parts]).sum(axis=0)
            for few in np.flatnonzero((there > 0) & (there < self.demands.min_n))[:1]:
                chosen = [c[1:] for c, x in zip(columns, unions[few], strict=True) if x]
                what = f"{there[few]} of {measure} in {chosen}"
                yield Finding("sum of changes", self.group, FREE, what)

    def _step_columns(self, steps: list[tuple[str, int]]) -> set[object]:
        return {("d", leaf, v) for leaf, _ in self.people for q, v in steps if leaf[0] == q}

    def _in_steps(self) -> list[Vector]:
        """Write what is known in the first version of each leaf and the changes at each step."""
        first: dict[str, int] = {}
        for quarter, version in self.versions:
            first.setdefault(quarter, version)

        def expand(row: Vector) -> Vector:
            result: Vector = {}
            for (leaf, version), x in row.items():
                steps = [("d", leaf, v) for v in range(first[leaf[0]], version)]
                for column in (leaf, *steps):
                    result[column] = result.get(column, 0) + x
            return {c: x for c, x in result.items() if x}

        leaves = {leaf for leaf, _ in self.people}
        gone = [
            {(leaf, v): 1}
            for q, v in self.versions
            for leaf in sorted(leaves)
            if leaf[0] == q and (leaf, v) not in self.people
        ]
        return [expand(row) for row in (*self.facts, *gone)]

    def _parts(self, columns: list[Any], measure: str) -> list[np.ndarray]:
        """Return what each person puts into each column, shape (columns, figures)."""
        tables = self.history.tables
        people: dict[int, dict[tuple[int, object], int]] = {}
        for i, (_, leaf, version) in enumerate(columns):
            for v, sign in ((version, -1), (version + 1, 1)):
                for person in tables[leaf[0], v]:
                    value = figure(person, measure)
                    if value is not None and leaf in self.shape.leaves_of(person):
                        mine = people.setdefault(person.who, {})
                        mine[i, value] = mine.get((i, value), 0) + sign
        parts = []
        for mine in people.values():
            figures = sorted({value for (_, value), x in mine.items() if x}, key=repr)
            if figures:
                part = np.zeros((len(columns), len(figures)), dtype=int)
                for (i, value), x in mine.items():
                    if x:
                        part[i, figures.index(value)] = x
                parts.append(part)
        return parts

    def exact(self) -> Iterator[Finding]:
        """Find hidden cells that are combinations of what is published."""
        for number, cell, vector in self.hidden():
            if spanned(self.facts, vector):
                yield Finding("exact", self.group, FREE, f"{cell} of {number}")

    def hidden(self) -> Iterator[tuple[int, Cell, Vector]]:
        """List cells that a release hides; the same unknowns only once, and none that are told."""
        seen = {tuple(sorted(vector)) for vector in self.told(self.group)}
        for number, release in enumerate(self.history.releases, start=1):
            for cell, vector in self.rows(release):
                key = tuple(sorted(vector))
                if cell not in release.shown[self.group] and key not in seen:
                    seen.add(key)
                    yield number, cell, vector

    # -- bounds -------------------------------------------------------------------------------

    def bounds(self, belief: str) -> Bounds:
        """Return the tables that agree with everything published and the belief."""
        floors: dict[object, float | None] = {("n", c): x for c, x in self.least.items()}
        equal = [self._equation("n", v, self.people) for v in self.told(BASE)]
        equal += [({("n", c): x for c, x in v.items()}, 0.0) for v in self.ties]
        above: list[tuple[Vector, float]] = []
        pairs = list(self._pairs()) if belief == ADDED else []
        above += [(_less("n", a, b), 0.0) for a, b in pairs]
        if self.group != BASE:
            floors |= {("m", c): 0.0 for c in self.people}
            floors |= {("s", c): None for c in self.people}
            for v in self.told(self.group):
                equal += [self._equation("m", v, self.n), self._equation("s", v, self.total)]
            equal += [({(k, c): x for c, x in v.items()}, 0.0) for v in self.ties for k in "ms"]
            for c in self.people:
                above.append(({("n", c): 1, ("m", c): -1}, 0.0))
                above.append(({("s", c): 1, ("m", c): -LOW}, 0.0))
                above.append(({("s", c): -1, ("m", c): HIGH}, 0.0))
            for a, b in pairs:
                more, sums = _less("m", a, b), _less("s", a, b)
                above.append((more, 0.0))
                above.append((sums | {c: -LOW * x for c, x in more.items()}, 0.0))
                above.append(
                    ({c: -x for c, x in sums.items()} | {c: HIGH * x for c, x in more.items()}, 0.0)
                )
        return Bounds(floors, equal, above)

    def _equation(self, kind: str, v: Vector, of: Mapping[Column, int]) -> tuple[Vector, float]:
        return {(kind, c): x for c, x in v.items()}, self.value(v, of)

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

    def intervals(self, belief: str) -> Iterator[Finding]:
        """Find hidden figures that bounds pin down, and small cells with a narrow interval."""
        bounds = self.bounds(belief)
        if not bounds.feasible:
            return
        kind, of = ("n", self.people) if self.group == BASE else ("m", self.n)
        for number, cell, vector in self.hidden():
            row = {(kind, c): float(x) for c, x in vector.items()}
            n, where = int(self.value(vector, of)), f"{cell} of {number}"
            told = cell in self.history.releases[number - 1].shown[BASE]
            if self.group != BASE and told and n == self.value(vector, self.people):
                pass  # that everybody answered may be known
            elif bounds.is_pinned(row):
                value = bounds.interval(row)[0]
                if abs(value - n) < NEAR and not self._known_before(number, cell, belief):
                    yield Finding("pinned", self.group, belief, f"n = {n} of {where}")
            elif self.group == BASE and 1 <= n < self.demands.min_n:
                reach = self.demands.reach(n)
                if not bounds.reaches(row, max(self.floor(vector, belief), n - reach), n + reach):
                    low, high = bounds.interval(row)
                    what = f"{n} in {low:g}..{high:g}: {where}"
                    yield Finding("narrow", self.group, belief, what)
            if self.group == GRADE:
                yield from self._sum(bounds, belief, number, cell, vector)

    def _sum(
        self, bounds: Bounds, belief: str, number: int, cell: Cell, vector: Vector
    ) -> Iterator[Finding]:
        row = {("s", c): float(x) for c, x in vector.items()}
        total = self.value(vector, self.total)
        pinned = bounds.is_pinned(row) and abs(bounds.interval(row)[0] - total) < NEAR
        if pinned and self.value(vector, self.n) and not self._known_before(number, cell, belief):
            yield Finding("pinned", self.group, belief, f"sum = {total:g} of {cell} of {number}")

    def _known_before(self, number: int, cell: Cell, belief: str) -> bool:
        """Whether an earlier release told the cell, and nothing in it is touched since.

        To know that such a cell is still the same tells nothing of anybody.
        """
        if belief == FREE:
            return False
        new = self.history.releases[number - 1]
        for old in self.history.releases[: number - 1]:
            leaves = [w for w in self.shape.ways(cell)[0] if w[0] in old.versions]
            if len(leaves) < len(self.shape.ways(cell)[0]):
                continue
            revised = {leaf[0] for leaf in leaves if old.versions[leaf[0]] != new.versions[leaf[0]]}
            people = [self.history.people({q: r.versions[q] for q in revised}) for r in (old, new)]
            who = touched(self.shape, *people, MEASURES[self.group][0])
            if who.nothing_in(frozenset(leaves)) and spanned(self.facts, self.vector(leaves, old)):
                return True
        return False

    def narrow_changes(self) -> Iterator[Finding]:
        """Find cells to which few were added whose interval of the change is narrow."""
        bounds = self.bounds(ADDED)
        if self.group != BASE or not bounds.feasible or not self.history.only_added(BASE):
            return
        for (i, old), (_, new) in pairwise(enumerate(self.history.releases, start=1)):
            for cell, vector in self.rows(new):
                if any(leaf[0] not in old.versions for leaf in self.shape.ways(cell)[0]):
                    continue
                change: dict[object, float] = {("n", c): 1.0 for c in vector}
                for leaf in self.shape.ways(cell)[0]:
                    column = ("n", (leaf, old.versions[leaf[0]]))
                    if column[1] in self.people:
                        change[column] = change.get(column, 0.0) - 1.0
                n = int(sum(x * self.people[c[1]] for c, x in change.items()))  # type: ignore[index]
                plain = {c[1]: int(x) for c, x in change.items() if x}  # type: ignore[index]
                if not 1 <= n < self.demands.min_n or spanned(self.facts, plain):
                    continue  # a change that is told is judged as a union
                low, high = bounds.interval({c: x for c, x in change.items() if x})
                reach = self.demands.reach(n)
                if (
                    low > max(self._new_rows(cell, old, new), n - reach) + NEAR
                    or high < n + reach - NEAR
                ):
                    what = f"{n} in {low:g}..{high:g}: {cell} from {i} to {i + 1}"
                    yield Finding("narrow change", self.group, ADDED, what)

    def _new_rows(self, cell: Cell, old: Release, new: Release) -> int:
        """Count the rows of leaves below a cell that are new: at least one person each."""
        return max(
            sum(
                (leaf, new.versions[leaf[0]]) in self.people
                and (leaf, old.versions[leaf[0]]) not in self.people
                for leaf in way
            )
            for way in self.shape.ways(cell)
        )


def _zero_or_one(rows: list[Vector], columns: list[Any], most: int = 14) -> np.ndarray:
    """Return the combinations of rows with coefficients 0 and 1, shape (unions, columns).

    Of more than `most` rows, those made of a few rows only.
    """
    found = echelon(rows, repr)
    matrix = np.array([[row.get(c, 0) / row[p] for c in columns] for p, row in found])
    if not len(matrix):
        return np.zeros((0, len(columns)))
    if len(matrix) <= most:
        taken = (np.arange(2 ** len(matrix))[:, None] >> np.arange(len(matrix))) & 1
    else:
        few = [c for k in range(4) for c in combinations(range(len(matrix)), k)]
        taken = np.zeros((len(few), len(matrix)), dtype=int)
        for i, some in enumerate(few):
            taken[i, list(some)] = 1
    unions = taken @ matrix
    whole = (np.abs(unions) < NEAR) | (np.abs(unions - 1) < NEAR)
    return np.rint(unions[whole.all(axis=1)])


def _less(kind: str, a: Column | None, b: Column | None) -> Vector:
    """Write b - a."""
    return {**({(kind, b): 1} if b else {}), **({(kind, a): -1} if a else {})}


def _names(union: Iterable[Column]) -> list[Cell]:
    return sorted(leaf for leaf, _ in union)


def leaks(history: History, demands: Demands, groups: Iterable[str] = MEASURES) -> list[Finding]:
    """Return what a reader knows who believes what is so; a false belief tells nothing for sure."""
    return [
        found
        for group in groups
        for found in findings(history, group, demands)
        if found.belief == FREE or history.only_added(group)
    ]


def findings(history: History, group: str, demands: Demands) -> list[Finding]:
    """Return everything forbidden that follows from all releases of a history together."""
    joint = Joint(history, group, demands)
    found = [*joint.unions(), *joint.exact(), *joint.sums_of_differences(), *joint.differences()]
    if not found:
        for belief in (FREE, ADDED):
            found += joint.intervals(belief)
    return found or list(joint.narrow_changes())
