"""Exact linear algebra: which hidden figures are combinations of the published ones.

Belongs here: cells as vectors, elimination over a prime field, unions of few people. Does not
belong here: bounds, and the choice of what to hide.

Write the figure of a cell as the sum of the figures of its *leaves*, the cells that are no total.
It is then a vector with an entry per leaf, and a hidden cell can be worked out by adding and
subtracting published ones exactly if its vector lies in the span of theirs. That depends on the
pattern alone, not on the figures, so n, sums of scores and sums of squares stand or fall together.
The arithmetic is modulo the prime 2^31 - 1: exact, where floating point would have to guess which
small number is zero. A combination over the fractions is one modulo the prime too (unless the prime
divides a denominator); the other way round an error is possible only if the prime divides one of
the minors of a matrix of small whole numbers, and would hide one cell too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from dagster_project.disclosure.protect.rules import Flags, Floats, Ints

PRIME = 2**31 - 1
MOST_STATES = 200_000
"""Partial unions that are tried at once, before an integer program is asked instead."""
MOST_UNIONS = 64
"""Unions that are returned at once; the caller comes back for more."""
NODES = 100_000


@dataclass(frozen=True)
class Equation:
    """The cell `parent` is the sum of the cells `children`; numbers are positions in the block."""

    parent: int
    children: tuple[int, ...]


def vectors(size: int, equations: Sequence[Equation], empty: Flags) -> tuple[Ints, Ints]:
    """Write each cell in terms of its leaves.

    Args:
        size: number of cells.
        equations: how they add up.
        empty: cells that are known to be 0, shape (size,).

    Returns:
        Vectors of the cells, shape (size, leaves), and the combinations of leaves that are 0
        because a cell is the sum of its parts in more than one way, shape (k, leaves).

    """
    ways: dict[int, list[tuple[int, ...]]] = {}
    for equation in equations:
        ways.setdefault(equation.parent, []).append(equation.children)
    leaves = [cell for cell in range(size) if cell not in ways and not empty[cell]]
    matrix = np.zeros((size, len(leaves)), dtype=np.int64)
    matrix[leaves, np.arange(len(leaves))] = 1
    for cell in _from_the_leaves_up(ways):
        matrix[cell] = matrix[list(ways[cell][0])].sum(axis=0)
    ties = [
        difference
        for cell, alternatives in ways.items()
        for children in alternatives[1:]
        if (difference := matrix[list(children)].sum(axis=0) - matrix[cell]).any()
    ]
    return matrix, np.array(ties, dtype=np.int64).reshape(len(ties), len(leaves))


def _from_the_leaves_up(ways: dict[int, list[tuple[int, ...]]]) -> Iterable[int]:
    """Order the totals so that the parts of each, in its first way, come before it."""
    done: dict[int, None] = {}
    for start in ways:
        stack = [start]
        while stack:
            cell = stack[-1]
            waiting = [c for c in ways[cell][0] if c in ways and c not in done]
            if cell in done or not waiting:
                done[stack.pop()] = None
            else:
                stack.extend(waiting)
    return done


class Span:
    """What is published so far, and what of the watched vectors it leaves unknown.

    Every watched vector is kept reduced: the part of it that the published ones do not explain. It
    is known as soon as nothing of it is left. `targets` must never become known.
    """

    def __init__(self, watched: Ints, targets: Flags) -> None:
        """Start with nothing published; `watched` has shape (rows, leaves), `targets` (rows,)."""
        self._rows = watched % PRIME
        self._targets = targets & self._rows.any(axis=1)

    def is_known(self, row: int) -> bool:
        """Whether the published vectors already say what this one is."""
        return not self._rows[row].any()

    def known(self) -> Flags:
        """Which watched vectors are known, shape (rows,)."""
        return np.asarray(~self._rows.any(axis=1))

    def left_of(self, rows: Ints) -> Ints:
        """Return what published vectors leave unexplained of some, shape (rows, leaves)."""
        return self._rows[rows]

    def directions(self, count: int) -> Floats:
        """Return ways in which the first vectors can change while the published ones do not.

        What is left of a vector says how it depends on leaves that are free. So each free leaf is
        a way: if it changes by 1, each vector changes by its entry. Shape (directions, count).
        """
        free = np.flatnonzero(self._rows[:count].any(axis=0))
        steps = self._rows[:count][:, free].T
        steps = np.where(steps > PRIME // 2, steps - PRIME, steps)
        return np.asarray(steps[(np.abs(steps) < 2**10).all(axis=1)], dtype=float)

    def copy(self) -> Span:
        """Return one that can go its own way."""
        other = Span.__new__(Span)
        other._rows, other._targets = self._rows.copy(), self._targets.copy()
        return other

    def would_reveal(self, row: int) -> bool:
        """Whether publishing this vector would make a target known."""
        return not self.is_known(row) and self._step(row)[2]

    def publish(self, row: int) -> None:
        """Add a vector to what is published; targets that become known are targets no more."""
        if self.is_known(row):
            return
        touched, reduced, reveals = self._step(row)
        self._rows[touched] = reduced
        self._rows[row] = 0
        if reveals:
            self._targets &= self._rows.any(axis=1)

    def publish_all(self, rows: Iterable[int]) -> None:
        """Add several vectors: those with one leaf first, as they only clear a column."""
        later = []
        for row in rows:
            leaf = np.flatnonzero(self._rows[row])
            if len(leaf) == 1:
                self._rows[:, leaf[0]] = 0
            else:
                later.append(row)
        for row in later:
            self.publish(row)
        self._targets &= self._rows.any(axis=1)

    def offer(self, row: int) -> bool:
        """Publish this vector unless that reveals a target; say whether it is published."""
        if self.is_known(row):
            return True
        touched, reduced, reveals = self._step(row)
        if reveals:
            return False
        self._rows[touched] = reduced
        self._rows[row] = 0
        return True

    def _step(self, row: int) -> tuple[Ints, Ints, bool]:
        """One step of elimination: the rows it changes, what they become, if a target is lost."""
        pivot_row = self._rows[row]
        support = np.flatnonzero(pivot_row)
        column = support[np.argmin(np.count_nonzero(self._rows[:, support], axis=0))]
        inverse = pow(int(pivot_row[column]), -1, PRIME)
        touched = np.flatnonzero(self._rows[:, column])
        touched = touched[touched != row]
        factors = self._rows[touched, column] * inverse % PRIME
        reduced = self._rows[touched]
        reduced[:, support] = (reduced[:, support] - np.outer(factors, pivot_row[support])) % PRIME
        lost = self._targets[touched] & ~reduced.any(axis=1)
        return touched, reduced, bool(lost.any()) or bool(self._targets[row])


class UndecidedError(Exception):
    """A search for unions ran into its limit."""


def relations(vectors: Ints) -> tuple[Ints, Ints]:
    """Find the combinations of vectors that cancel.

    Args:
        vectors: shape (k, leaves), modulo `PRIME`.

    Returns:
        Relations in reduced form, shape (d, k), and the free vector of each, shape (d,): it is
        taken once in its relation and in no other.

    """
    count = len(vectors)
    rest = vectors.T.copy()
    pivots: list[int] = []
    row = 0
    for column in range(count):
        there = np.flatnonzero(rest[row:, column])
        if not len(there):
            continue
        found = row + int(there[0])
        if found != row:
            rest[[row, found]] = rest[[found, row]]
        rest[row] = rest[row] * pow(int(rest[row, column]), -1, PRIME) % PRIME
        touched = np.flatnonzero(rest[:, column])
        touched = touched[touched != row]
        rest[touched] = (rest[touched] - np.outer(rest[touched, column], rest[row])) % PRIME
        pivots.append(column)
        row += 1
        if row == len(rest):
            break
    free = np.setdiff1d(np.arange(count), pivots)
    basis = np.zeros((len(free), count), dtype=np.int64)
    basis[np.arange(len(free)), free] = 1
    basis[:, pivots] = -rest[: len(pivots)][:, free].T % PRIME
    return basis, free


def light_unions(vectors: Ints, people: Ints, most: int) -> list[Ints]:
    """Find unions of vectors that cancel and hold 1 to `most` people.

    Args:
        vectors: what is unexplained of each leaf, shape (k, leaves).
        people: of each leaf, shape (k,).
        most: people a union may have at most.

    Returns:
        Positions of the members of each union found, the lightest first; none if there is none.

    Raises:
        UndecidedError: an integer program ran into its limit.

    """
    order = np.argsort(people, kind="stable")
    basis, free = relations(vectors[order])
    if not len(basis):
        return []
    weights = people[order]
    try:
        found = list(_by_trying(basis, free, weights, most))
    except UndecidedError:
        found = list(_by_program(basis, weights, most))
    found.sort(key=lambda union: (int(weights[union].sum()), len(union), union.tolist()))
    return [np.sort(order[union]) for union in found[:MOST_UNIONS]]


def _by_trying(basis: Ints, free: Ints, weights: Ints, most: int) -> Iterator[Ints]:
    """Take each relation or not, as long as what is settled is 0 or 1 and light enough."""
    count = basis.shape[1]
    last = np.full(count, -1)
    for number, relation in enumerate(basis):
        last[relation != 0] = number
    states = np.zeros((1, count), dtype=np.int64)
    for number, relation in enumerate(basis):
        states = np.concatenate([states, (states + relation) % PRIME])
        settled = last <= number
        kept = (states[:, settled] <= 1).all(axis=1)
        kept &= states[:, settled] @ weights[settled] <= most
        states = states[kept]
        if len(states) > MOST_STATES:
            raise UndecidedError
    del free
    for state in states[states @ weights >= 1]:
        yield np.flatnonzero(state)


def _by_program(basis: Ints, weights: Ints, most: int) -> Iterator[Ints]:
    """Choose relations by an integer program: the lightest union with anybody in it."""
    rows = _as_fractions(basis)
    count = len(basis)
    totals = rows @ weights
    outcome = milp(
        totals,
        integrality=np.ones(count + basis.shape[1])[:count],
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(rows.T, 0, 1), LinearConstraint(totals, 1, most)],
        options={"node_limit": NODES},
    )
    if outcome.status not in (0, 2):
        raise UndecidedError
    if outcome.status == 0:
        union = np.round(np.round(outcome.x) @ rows)
        yield np.flatnonzero(union)


def _as_fractions(numbers: Ints) -> Floats:
    """Read numbers modulo the prime as fractions with a small denominator."""
    for denominator in range(1, 25):
        scaled = numbers * denominator % PRIME
        scaled = np.where(scaled > PRIME // 2, scaled - PRIME, scaled)
        if (np.abs(scaled) < 2**20).all():
            return np.asarray(scaled / denominator)
    raise UndecidedError
