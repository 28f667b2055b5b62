"""The lightest union of hidden cells that what is published adds up to.

Belongs here: small unions in one vintage, and in the difference of two. Does not belong here:
intervals of single cells.

A union S of hidden leaf cells is known if its indicator x, 1 in S and 0 elsewhere, is in the row
space of the published cells and of the equations: if it is orthogonal to every direction in which
the hidden cells can move (see `Kernel`). Then its n is known, and so are its sum of scores and its
sum of squares. Cells that cannot be members, because they have parts of their own or too many
people, are left out of x. The solutions x are reduced modulo a prime, which is exact. In reduced
echelon form the multiplier of a row is the value of x at its pivot, so it is 0 or 1. Where the
people of every cell are known to whom the search is for, few combinations have few enough, and they
are tried one by one; else an integer program chooses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.disclosure.attack.blocks import Changed
from dagster_project.disclosure.attack.layout import CLOSE, Flags, Floats, Ints
from dagster_project.disclosure.attack.programs import least
from dagster_project.disclosure.attack.structure import TINY
from dagster_project.disclosure.attack.tables import Equations, Measured

PRIME = 2**31 - 1
SMALL = 2**20
"""Residues up to here are left as they are."""
STEPS = 20_000
"""Combinations that are tried."""
PATIENCE = 10.0
"""Seconds for one integer program."""
DENOMINATORS = tuple(range(1, 61))


class UndecidedError(Exception):
    """An integer program ran into its limit."""


@dataclass(frozen=True)
class Union:
    """Cells that together are known, and the people in them.

    `weight` counts respondents, in a difference those added, removed or changed within a member;
    `movers` those who moved into or out of it, or moved and changed.
    """

    members: Ints
    weight: int
    movers: int = 0


@dataclass(frozen=True)
class Movers:
    """One entry per leaf to leaf: positions of both ends (-1: outside), people, `altered`."""

    source: Ints
    target: Ints
    people: Ints
    altered: Flags

    @classmethod
    def none(cls) -> Movers:
        """Return no movers."""
        nobody = np.empty(0, dtype=np.int64)
        return cls(nobody, nobody, nobody, np.empty(0, dtype=bool))

    def noticed(self, member: Flags) -> Ints:
        """Count movers that each union shows; `member` has a row per union, a column per cell."""
        inside = np.concatenate([member, np.zeros((len(member), 1), dtype=bool)], axis=1)
        one, other = inside[:, self.source], inside[:, self.target]
        count: Ints = ((one != other) | (self.altered & (one | other))) @ self.people
        return count


@dataclass(frozen=True)
class Basis:
    """Reduced echelon form of what is known of possible members, modulo `PRIME`.

    `rows` has a column per cell in `cells`; `sides` is the column that was carried along.
    """

    rows: Ints
    sides: Ints
    cells: Ints


def leaves_of(measured: Measured, equations: Equations) -> Flags:
    """Cells that have no parts of their own."""
    leaf = np.ones(len(measured.scope), dtype=bool)
    leaf[equations.parent[measured.valid]] = False
    return leaf


def lightest_union(
    kernel: Floats, solution: Floats, light: Flags, most: int, people: Ints | None = None
) -> Union | None:
    """Return the union of 1 to `most` respondents with the fewest; None if there is none.

    Args:
        kernel: the directions in which cells can move; a row per cell of the block.
        solution: respondents by cell that fit what is published, whole or not.
        light: hidden cells that may be members.
        most: respondents.
        people: respondents of each light cell, where they are known to whom the search is for.

    Raises:
        UndecidedError: there are too many combinations, or a program ran into its limit.

    """
    basis = basis_of(kernel, solution, light, people)
    return _lightest(basis, most, people, Movers.none())


def lightest_difference(
    pair: tuple[Measured, Measured],
    kernel: Floats,
    equations: Equations,
    of_two: tuple[Ints, Movers],
    most: int,
) -> Union | None:
    """Return the union known in both vintages that fewest people changed.

    It has at most `most` people who changed, and somebody in it changed, or moved in or out. Leaves
    that are published in both vintages count as unions too.

    Args:
        pair: the measure in the later and in the earlier vintage.
        kernel: the directions in which cells can move, of both; a row per cell of the block.
        equations: those of the block.
        of_two: by cell, respondents added, removed or changed within it; and those who moved.
        most: people.

    Raises:
        UndecidedError: there are too many combinations, or a program ran into its limit.

    """
    (after, before), (people, movers) = pair, of_two
    scope = after.scope & before.scope
    known = (after.known & before.known) | ~scope
    leaf = leaves_of(after, equations) & leaves_of(before, equations) & scope
    there = leaf & known & (after.present | before.present)
    alone = np.flatnonzero(there & (people <= most))
    noticed = movers.noticed(np.arange(len(scope)) == alone[:, None])
    shown = people[alone] + noticed > 0
    best: Union | None = None
    if shown.any():
        first = int(np.flatnonzero(shown)[np.argmin(people[alone][shown])])
        best = Union(alone[[first]], int(people[alone[first]]), int(noticed[first]))
        most = best.weight - 1
    light = leaf & ~known & (people <= most)
    touched = people > 0
    ends = np.concatenate([movers.source, movers.target])
    touched[ends[ends >= 0]] = True
    if not (light & touched).any():
        return best
    basis = basis_of(kernel, people.astype(float), light, people)
    place = np.full(len(scope) + 1, -1)
    place[basis.cells] = np.arange(len(basis.cells))
    at_basis = Movers(place[movers.source], place[movers.target], movers.people, movers.altered)
    return _lightest(basis, most, people, at_basis) or best


def basis_of(kernel: Floats, solution: Floats, free: Flags, people: Ints | None = None) -> Basis:
    """Reduce the combinations of free cells that are orthogonal to the kernel.

    Args:
        kernel: directions, with a row per cell.
        solution: figures by cell; those of a combination are carried along.
        free: cells that may be in a combination.
        people: by cell; the pivots are at the cells that have most.

    """
    cells = np.flatnonzero(free)
    if people is not None:
        cells = cells[np.argsort(-people[cells], kind="stable")]
    matrix, pivots = _reduced(_residues(kernel[cells].T))
    other = np.setdiff1d(np.arange(len(cells)), pivots)
    rows = np.zeros((len(other), len(cells)), dtype=np.int64)
    rows[np.arange(len(other)), other] = 1
    rows[:, pivots] = -matrix[: len(pivots), other].T % PRIME
    sides = (rows * _residues(solution[cells]) % PRIME).sum(axis=1) % PRIME
    return Basis(rows, sides, cells)


def _residues(values: Floats) -> Ints:
    """Whole numbers modulo the prime; a fraction as numerator times the inverse of denominator.

    Raises:
        UndecidedError: a number is no fraction with a small denominator.

    """
    whole = np.round(values)
    found = whole.astype(np.int64) % PRIME
    for place in zip(*np.nonzero(np.abs(values - whole) > TINY), strict=True):
        multiples = float(values[place]) * np.array(DENOMINATORS)
        near = np.flatnonzero(np.abs(multiples - np.round(multiples)) < CLOSE)
        if not len(near):
            raise UndecidedError
        numerator, denominator = round(multiples[near[0]]), DENOMINATORS[int(near[0])]
        found[place] = numerator * pow(denominator, -1, PRIME) % PRIME
    return found


def _signed(residues: Ints) -> Ints:
    """Return the whole number nearest to 0 of each residue."""
    return np.where(residues > PRIME // 2, residues - PRIME, residues)


def _fractions(residues: Ints) -> Floats:
    """Return the fraction with a small denominator that each residue stands for."""
    signed = _signed(residues)
    found = signed.astype(float)
    for place in np.argwhere(np.abs(signed) > 10**6):
        value = int(residues[tuple(place)])
        for denominator in DENOMINATORS:
            numerator = int(_signed(np.array(value * denominator % PRIME)))
            if abs(numerator) < 10**6:
                found[tuple(place)] = numerator / denominator
                break
    return found


def _reduced(matrix: Ints) -> tuple[Ints, Ints]:
    """Return the reduced echelon form from the last column on, and the column of each row."""
    pivots: list[int] = []
    matrix = _signed(matrix)  # most numbers are small, and stay so without a remainder
    for column in range(matrix.shape[1] - 1, -1, -1):
        rows = np.flatnonzero(matrix[:, column])
        top = len(pivots)
        at = int(np.searchsorted(rows, top))
        if at == len(rows):
            continue
        row = matrix[rows[at]].copy()
        matrix[rows[at]] = matrix[top]
        unit = int(row[column])
        row = row * unit if abs(unit) == 1 else _signed(row * pow(unit, -1, PRIME) % PRIME)
        matrix[top] = 0
        others = np.flatnonzero(matrix[:, column])
        if len(others):
            changed = matrix[others] - matrix[others, column][:, None] * row
            if max(changed.max(), -changed.min()) > SMALL:
                changed = _signed(changed % PRIME)
            matrix[others] = changed
        matrix[top] = row
        pivots.append(column)
        if len(pivots) == len(matrix):
            break
    return matrix % PRIME, np.array(pivots, dtype=np.int64)


def _lightest(basis: Basis, most: int, people: Ints | None, movers: Movers) -> Union | None:
    """Search each connected part of a basis: the parts of a union are unions themselves."""
    best: Union | None = None
    for part in _parts(basis.rows):
        rows, sides = basis.rows[part], basis.sides[part]
        if people is None or len(movers.source):
            member = _solve(rows, sides, most, movers)
        else:
            member = _walk(rows, people[basis.cells], most)
        if member is None:
            continue
        chosen = member[(rows != 0).argmax(axis=1)]
        weight = int(_signed(sides[chosen].sum() % PRIME))
        union = Union(np.sort(basis.cells[member]), weight, int(movers.noticed(member[None])[0]))
        if best is None or (union.weight, union.movers) < (best.weight, best.movers):
            best = union
    return best


def _parts(rows: Ints) -> list[Ints]:
    """Rows that share columns, directly or by others."""
    if not len(rows):
        return []
    used = rows != 0
    label = np.arange(len(rows))
    while True:
        least = np.where(used, label[:, None], len(rows)).min(axis=0)
        new = np.minimum(label, np.where(used, least[None], len(rows)).min(axis=1))
        if np.array_equal(new, label):
            return [np.flatnonzero(label == one) for one in np.unique(label)]
        label = new


def _walk(rows: Ints, people: Ints, most: int) -> Flags | None:
    """Find the lightest union among the combinations of rows, by branch and bound.

    The columns are sorted by `people`, most first, so every combination with anybody has a first
    row whose pivot has somebody. Each row that is added makes its pivot a member for good. A column
    that is neither 0 nor 1 must be mended by another row with an entry there, and a union that is
    too heavy must lose a member by one.

    Raises:
        UndecidedError: there are too many combinations.

    """
    best: Flags | None = None
    pivots = people[(rows != 0).argmax(axis=1)]
    stack = [
        (rows[first], int(pivots[first]), np.arange(len(rows)) > first)
        for first in np.flatnonzero(pivots)[::-1]
    ]
    for _ in range(STEPS):
        if not stack:
            return best
        member, fixed, allowed = stack.pop()
        if fixed > most:
            continue
        lost = np.flatnonzero(member > 1)[:1]
        if not len(lost):
            weight = int(people[member == 1].sum())
            if weight <= most:
                best, most = member == 1, weight - 1
            lost = np.flatnonzero((member == 1) & (people > 0))
        for row in np.flatnonzero(allowed & (rows[:, lost] != 0).any(axis=1)):
            allowed[row] = False
            added = (member + rows[row]) % PRIME
            stack.append((added, fixed + int(pivots[row]), allowed.copy()))
    raise UndecidedError


def _solve(rows: Ints, sides: Ints, most: int, movers: Movers) -> Flags | None:
    """Choose multipliers by an integer program; a mover is one more variable, 1 if noticed."""
    known = (movers.source >= 0) | (movers.target >= 0)
    source, target = movers.source[known], movers.target[known]
    size, extra = len(rows), len(source)
    people = _fractions(sides)
    coefficients = _fractions(rows).T
    member = np.concatenate([coefficients, np.zeros((1, size))])
    one, other = member[source], member[target]
    open_ = np.where(movers.altered[known], 1e9, 2.0)
    noticed = np.eye(extra)
    limits: list[tuple[Floats, float, Floats | float]] = [
        (np.hstack([coefficients, np.zeros((len(coefficients), extra))]), 0.0, 1.0),
        (np.concatenate([people, np.ones(extra)])[None], 1.0, np.inf),
        (np.concatenate([people, np.zeros(extra)])[None], 0.0, float(most)),
        (np.hstack([-(one + other), noticed]), -np.inf, 0.0),
        (np.hstack([one + other, noticed]), -np.inf, open_),
    ]
    lowest = np.concatenate([np.full(len(matrix), low) for matrix, low, _ in limits])
    highest = np.concatenate([np.full(len(matrix), high) for matrix, _, high in limits])
    answer = least(
        np.concatenate([people, np.full(extra, 1e-3)]),
        np.concatenate([matrix for matrix, _, _ in limits]),
        columns=(0.0, 1.0),
        rows=(lowest, highest),
        whole=np.ones(size + extra, dtype=bool),
        seconds=PATIENCE,
    )
    if answer.is_impossible:
        return None
    if answer.point is None:
        raise UndecidedError
    member_of: Flags = np.round(answer.point[:size]).astype(np.int64) @ rows % PRIME == 1
    return member_of


def people_in(
    changed: Changed, measure: int, vintages: tuple[int, int], size: int, equations: Equations
) -> tuple[Ints, Movers]:
    """Return the people behind a difference, by cell of the block, and the movers.

    A total has as many as its parts, in the partition that has most of them.
    """
    after, before = vintages
    mine = (changed.measure == measure) & (changed.after == after) & (changed.before == before)
    within = mine & ~changed.mover
    people = np.bincount(changed.cell[within], changed.people[within], minlength=size)
    part = equations.sign > 0
    while True:
        sums = np.bincount(
            equations.row[part], people[equations.cell[part]], minlength=len(equations.parent)
        )
        above = people.copy()
        np.maximum.at(above, equations.parent, sums)
        if np.array_equal(above, people):
            break
        people = above
    moved = mine & changed.mover
    movers = Movers(
        changed.cell[moved], changed.to[moved], changed.people[moved], changed.altered[moved]
    )
    return people.astype(np.int64), movers
