"""Cuts for unions of too few respondents that follow from what is published: cover cuts.

Belongs here: finding such unions by exact elimination, and the published cells that combine to one.
Does not belong here: choosing a pattern (optimum).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.optimize
import scipy.sparse
from problem import NEAR, Cut, Equation, Problem

PRIME = 2**31 - 1
MOST_STEPS = 2_000_000
"""Steps after which the search for light unions gives up, with an error."""


class Unions:
    """Finds unions of too few respondents that follow from what is published."""

    def __init__(self, problem: Problem) -> None:
        """Write every cell as a sum of leaves."""
        self.problem = problem
        self.vectors, self.ties = _vectors(len(problem.n), problem.equations)
        self._leaf = np.flatnonzero(~np.isin(np.arange(len(problem.n)), _parents(problem)))
        self._n = problem.n[self._leaf]
        self._few = self._n < problem.min_n
        self.known: list[np.ndarray] = []
        """Unions found so far, shape (leaves,) each."""

    def light(self, hidden: np.ndarray) -> list[np.ndarray]:
        """Return unions, shape (leaves,) each, that follow from what is not `hidden`."""
        told = np.concatenate([self.vectors[~hidden], self.ties])
        basis = _within(told, self._few)
        found: dict[bytes, np.ndarray] = {}
        for rows in _connected(basis):
            for union in _light_sums(basis[rows], self._n, self.problem.min_n):
                found[union.tobytes()] = union
        self.known += [u for u in found.values() if not any((u == k).all() for k in self.known)]
        return list(found.values())

    def cover(self, union: np.ndarray, hidden: np.ndarray) -> Cut | None:
        """Name published cells that combine to a union, as few of them hidden as can be."""
        able = np.flatnonzero(~self.problem.primary)
        every = np.concatenate([self.vectors[able], self.ties]).astype(float)
        price = np.concatenate([hidden[able] + 1e-4, np.full(len(self.ties), 1e-6)])
        system = scipy.sparse.csc_matrix(every.T)
        solved = scipy.optimize.linprog(
            np.concatenate([price, price]),
            A_eq=scipy.sparse.hstack([system, -system]).tocsc(),
            b_eq=union.astype(float),
            bounds=(0, None),
            method="highs-ds",
        )
        if solved.x is None:
            return None
        count = len(price)
        used = np.flatnonzero(np.abs(solved.x[:count] - solved.x[count:])[: len(able)] > NEAR)
        return Cut(tuple(map(int, able[used])), (1.0,) * len(used))


def _parents(problem: Problem) -> list[int]:
    return [parent for parent, _ in problem.equations]


def _vectors(size: int, equations: Sequence[Equation]) -> tuple[np.ndarray, np.ndarray]:
    """Write every cell as a sum of leaves, shape (cells, leaves), and what is 0 besides."""
    ways: dict[int, list[tuple[int, ...]]] = {}
    for parent, children in equations:
        ways.setdefault(parent, []).append(children)
    leaves = [cell for cell in range(size) if cell not in ways]
    column = {cell: number for number, cell in enumerate(leaves)}
    done: dict[int, np.ndarray] = {}

    def vector(cell: int) -> np.ndarray:
        if cell not in done:
            if cell in column:
                done[cell] = np.zeros(len(leaves), dtype=np.int64)
                done[cell][column[cell]] = 1
            else:
                done[cell] = sum(  # type: ignore[assignment]
                    (vector(child) for child in ways[cell][0]), np.zeros(len(leaves), np.int64)
                )
        return done[cell]

    vectors = np.array([vector(cell) for cell in range(size)])
    ties = [
        vectors[list(children)].sum(axis=0) - vectors[cell]
        for cell, alternatives in ways.items()
        for children in alternatives[1:]
    ]
    different = [tie for tie in ties if tie.any()]
    return vectors, np.array(different, dtype=np.int64).reshape(len(different), len(leaves))


def _within(rows: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return the reduced basis, modulo the prime, of the rows' span that is 0 outside `inside`."""
    order = np.concatenate([np.flatnonzero(~inside), np.flatnonzero(inside)])
    outside = int((~inside).sum())
    work = rows[:, order] % PRIME
    top = 0
    first = None
    for column in range(work.shape[1]):
        if column == outside:
            first = top
        candidates = np.flatnonzero(work[top:, column])
        if not len(candidates):
            continue
        pivot = top + candidates[0]
        work[[top, pivot]] = work[[pivot, top]]
        work[top] = work[top] * pow(int(work[top, column]), -1, PRIME) % PRIME
        others = np.flatnonzero(work[:, column])
        # rows above the first that is 0 outside need no reducing
        others = others[(others != top) & (others >= (first or 0))]
        if column < outside:
            others = others[others > top]
        factors = work[others, column]
        work[others] = (work[others] - factors[:, None] * work[top] % PRIME) % PRIME
        top += 1
        if top == len(work):
            break
    if first is None:
        first = top if work.shape[1] == outside or top == len(work) else 0
        first = top if not len(work) else first
    found = np.zeros((top - first, len(inside)), dtype=np.int64)
    found[:, order] = work[first:top]
    return found


def _connected(basis: np.ndarray) -> list[np.ndarray]:
    """Group rows that share a column."""
    if not len(basis):
        return []
    pattern = scipy.sparse.csr_matrix(basis != 0, dtype=np.int8).astype(np.int32)
    _, label = scipy.sparse.csgraph.connected_components(pattern @ pattern.T, directed=False)
    return [np.flatnonzero(label == number) for number in range(label.max() + 1)]


def _light_sums(basis: np.ndarray, n: np.ndarray, min_n: int) -> list[np.ndarray]:
    """Find sums of basis rows that are 0 or 1 everywhere, on fewer than min_n respondents.

    The basis is reduced: its leading columns make a unit matrix, so in a sum that is 0 or 1
    everywhere each row occurs once or not at all. The search adds rows that can mend a column that
    is neither; a union that holds another one is not looked for.
    """
    return _Search(basis, n, min_n).found


class _Search:
    """Depth-first search for `_light_sums`."""

    def __init__(self, basis: np.ndarray, n: np.ndarray, min_n: int) -> None:
        single = np.count_nonzero(basis, axis=0) == 1
        pivots = [int(np.flatnonzero((row == 1) & single)[0]) for row in basis]
        used = np.flatnonzero(basis.any(axis=0))
        self._basis, self._columns = basis[:, used], used
        self._weight, self._n, self._min_n = n[pivots], n, min_n
        self._pivot = np.isin(used, pivots)
        self._steps = 0
        self.found: list[np.ndarray] = []
        free = np.ones(len(basis), dtype=bool)
        nothing = np.full(len(used), -1)
        for first in range(len(basis)):
            free[first] = False
            if self._weight[first] < min_n:
                weight = int(self._weight[first])
                self._grow(self._basis[first], weight, free.copy(), nothing)

    def _grow(self, total: np.ndarray, weight: int, free: np.ndarray, fixed: np.ndarray) -> None:
        """Go on from a sum of rows.

        Args:
            total: the sum, shape (columns,).
            weight: respondents that are in the union for certain.
            free: rows that may be added, shape (rows,).
            fixed: what the sum must be, 0 or 1, and -1 where it may be either, shape (columns,).

        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise ArithmeticError(f"too many combinations of {len(self._basis)} rows")
        wrong = np.flatnonzero((total > 1) | ((fixed >= 0) & (total != fixed)))
        if len(wrong):
            able = free & (self._weight < self._min_n - weight)
            mending = self._basis[:, wrong].astype(bool) & able[:, None]
            column = int(np.argmin(mending.sum(axis=0)))
            for row in np.flatnonzero(mending[:, column]):
                able[row] = False
                grown = (total + self._basis[row]) % PRIME
                self._grow(grown, weight + int(self._weight[row]), able.copy(), fixed)
            return
        if self._n[self._columns[total == 1]].sum() < self._min_n:
            union = np.zeros(len(self._n), dtype=np.int64)
            union[self._columns] = total
            self.found.append(union)
            return
        # too heavy: further rows may cancel a column that is 1 now
        fixed = fixed.copy()
        for column in np.flatnonzero((total == 1) & (fixed < 0) & ~self._pivot):
            if weight >= self._min_n:
                return
            fixed[column] = 0
            self._grow(total, weight, free, fixed.copy())
            fixed[column] = 1
            weight += int(self._n[self._columns[column]])
