"""What the differences of releases tell a reader who keeps them all.

Belongs here: unions of leaves whose change rests on too few people, in one step or over several.
Does not belong here: cells of one release, bounds (joint_oracle).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from histories import (
    MEASURES,
    Cell,
    Release,
    Touched,
    figure,
    touched,
)
from joint_algebra import NEAR, Vector, echelon, light_unions, within
from joint_system import FREE, Finding, Joint


class Differences(Joint):
    """Findings about what changed from one release to another."""

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
