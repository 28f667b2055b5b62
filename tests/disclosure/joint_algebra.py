"""Exact elimination in whole numbers, light unions of leaves, and bounds by linear programs.

Belongs here: mathematics on named columns. Does not belong here: cells, people, vintages. Nothing
is shared with the package under test.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd
from typing import Any, TypeAlias

import highspy
import numpy as np

Vector: TypeAlias = dict[Any, int]
"""A combination of columns with whole coefficients; none is 0."""

NEAR = 1e-6
MOST_NODES = 2_000_000


class TooLargeError(AssertionError):
    """A search for unions that did not end within its limit: counts as a failure."""


def echelon(rows: Iterable[Vector], order: Callable[[Any], Any]) -> list[tuple[Any, Vector]]:
    """Return the reduced row echelon form as (pivot, row); pivots come first in `order`."""
    basis: dict[Any, Vector] = {}
    for row in rows:
        left = _reduce(dict(row), basis)
        if not left:
            continue
        pivot = min(left, key=order)
        for name, other in basis.items():
            if pivot in other:
                basis[name] = _primitive(_eliminate(other, left, pivot))
        basis[pivot] = left
    return list(basis.items())


def _reduce(row: Vector, basis: Mapping[Any, Vector]) -> Vector:
    for pivot in [c for c in row if c in basis]:
        if pivot in row:
            row = _eliminate(row, basis[pivot], pivot)
    return _primitive(row)


def _eliminate(row: Vector, by: Vector, pivot: Hashable) -> Vector:
    a, b = by[pivot], row[pivot]
    common = gcd(a, b)
    a, b = a // common, b // common
    result = {c: x * a for c, x in row.items()} if a != 1 else dict(row)
    for c, x in by.items():
        value = result.get(c, 0) - b * x
        if value:
            result[c] = value
        else:
            result.pop(c, None)
    return result


def _primitive(row: Vector) -> Vector:
    if not row:
        return row
    common = gcd(*row.values())
    return row if common == 1 else {c: x // common for c, x in row.items()}


def spanned(rows: Iterable[Vector], vector: Vector) -> bool:
    """Whether a vector is a combination of the rows."""
    basis = dict(echelon(rows, repr))
    return not _reduce(dict(vector), basis)


def within(rows: Iterable[Vector], kept: Collection[Any]) -> list[Vector]:
    """Return a basis of the combinations of the rows that lie in the kept columns alone."""
    inside = set(kept)
    found = echelon(rows, lambda c: (c in inside, repr(c)))
    return [row for pivot, row in found if pivot in inside]


def light_unions(
    rows: Iterable[Vector],
    weight: Mapping[Any, int],
    fewest: int,
    relevant: Collection[Any],
    is_bad: Callable[[frozenset[Any]], bool],
) -> frozenset[Any] | None:
    """Return a union of columns in the span of the rows that is lighter than `fewest` and bad.

    Args:
        rows: what is known, as combinations of columns.
        weight: of each column, 0 where missing.
        fewest: the union weighs less.
        relevant: columns of which a bad union has at least one.
        is_bad: whether a union that is light is bad; if a union is, one of its parts within a
            component (columns joined by rows) must be.

    Raises:
        TooLargeError: if the search does not end within `MOST_NODES`.

    """
    heavy = {c for row in rows for c in row if weight.get(c, 0) >= fewest}
    found = echelon(rows, lambda c: (c not in heavy, repr(c)))
    light = [(pivot, row) for pivot, row in found if not any(c in heavy for c in row)]
    for part in _components(light):
        columns = {c for _, row in part for c in row}
        if columns.isdisjoint(relevant):
            continue
        union = _search(part, weight, fewest, is_bad)
        if union is not None:
            return union
    return None


def _components(rows: list[tuple[Any, Vector]]) -> list[list[tuple[Any, Vector]]]:
    parts: list[tuple[set[Any], list[tuple[Any, Vector]]]] = []
    for pivot, row in rows:
        columns, members, apart = set(row), [(pivot, row)], []
        for other, those in parts:
            if columns.isdisjoint(other):
                apart.append((other, those))
            else:
                columns |= other
                members = those + members
        parts = [*apart, (columns, members)]
    return [members for _, members in parts]


def _search(
    rows: list[tuple[Any, Vector]],
    weight: Mapping[Any, int],
    fewest: int,
    is_bad: Callable[[frozenset[Any]], bool],
) -> frozenset[Any] | None:
    """Take or leave one row after the other; drop what cannot end as a light union."""
    scaled = [{c: Fraction(x, row[pivot]) for c, x in row.items()} for pivot, row in rows]
    last = {c: i for i, row in enumerate(scaled) for c in row}
    open_: list[tuple[int, dict[Any, Fraction], frozenset[Any]]] = [(0, {}, frozenset())]
    for _ in range(MOST_NODES):
        if not open_:
            return None
        i, sums, union = open_.pop()
        if i == len(scaled):
            if union and is_bad(union):
                return union
            continue
        for taken in (0, 1):
            now = dict(sums)
            for c, x in scaled[i].items() if taken else ():
                now[c] = now.get(c, Fraction(0)) + x
            closed = {c: now.pop(c) for c in list(now) if last[c] == i}
            more = union | {c for c, x in closed.items() if x == 1}
            whole = all(x in (0, 1) for x in closed.values())
            if whole and sum(weight.get(c, 0) for c in more) < fewest:
                open_.append((i + 1, now, more))
    raise TooLargeError(f"no end to the unions of {len(rows)} rows")


class Bounds:
    """The tables that a reader cannot rule out: equations and inequalities over named columns."""

    def __init__(
        self,
        floors: Mapping[Any, float | None],
        equal: Sequence[tuple[Vector, float]],
        at_least: Sequence[tuple[Vector, float]] = (),
    ) -> None:
        """Take the least value per column (None: any), rows that equal, rows that are at least."""
        self.index = {c: i for i, c in enumerate(floors)}
        self._highs = highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("presolve", "off")
        highs.setOptionValue("threads", 1)
        inf = highspy.kHighsInf
        size = len(self.index)
        lower = np.array([-inf if x is None else x for x in floors.values()], dtype=float)
        highs.addVars(size, lower, np.full(size, inf))
        for row, value in equal:
            self._add(row, value, value)
        for row, value in at_least:
            self._add(row, value, inf)
        self._seen = np.empty((0, size))
        self._all = np.arange(size, dtype=np.int32)
        self.feasible = size == 0 or self._solve({}, 1) is not None

    def _add(self, row: Vector, low: float, high: float) -> None:
        where = np.array([self.index[c] for c in row], dtype=np.int32)
        self._highs.addRow(low, high, len(row), where, np.array(list(row.values()), dtype=float))

    def _solve(self, row: Mapping[Any, float], sense: int) -> float | None:
        cost = np.zeros(len(self.index))
        for c, x in row.items():
            cost[self.index[c]] = x * sense
        self._highs.changeColsCost(len(cost), self._all, cost)
        self._highs.run()
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kUnknown:  # a warm start can mislead it
            self._highs.clearSolver()
            self._highs.run()
            status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            values = np.array(self._highs.getSolution().col_value)
            self._seen = np.vstack([self._seen, values])
            return float(cost @ values) * sense
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status in (
            highspy.HighsModelStatus.kUnbounded,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        ):
            return float("-inf") * sense
        raise AssertionError(f"a linear program ended with {status}")

    def extent(self, row: Mapping[Any, float]) -> tuple[float, float]:
        """Return the least and the most of a combination in the tables met so far."""
        values = self._seen[:, [self.index[c] for c in row]] @ np.array(list(row.values()))
        return float(values.min()), float(values.max())

    def reaches(self, row: Mapping[Any, float], low: float, high: float) -> bool:
        """Whether a combination of columns can be as low, and as high; looks no further."""
        least, most = self.extent(row)
        if least > low + NEAR:
            least = self.interval(row)[0]
        return least <= low + NEAR and (most >= high - NEAR or self.interval(row)[1] >= high - NEAR)

    def is_pinned(self, row: Mapping[Any, float]) -> bool:
        """Whether a combination of columns has one value only."""
        least, most = self.extent(row)
        if most - least > NEAR:
            return False
        least, most = self.interval(row)
        return most - least < NEAR

    def interval(self, row: Mapping[Any, float]) -> tuple[float, float]:
        """Return the least and the most of a combination of columns."""
        low, high = self._solve(row, 1), self._solve(row, -1)
        if low is None or high is None:
            raise AssertionError("no table agrees with what is published")
        return low, high
