"""The lightest union of hidden cells that what is published adds up to.

Belongs here: small unions in one vintage, and in the difference of two. Does not belong here:
intervals of single cells.

What a reader knows exactly is the row space R of the published cells and of the equations. A union
S of hidden leaf cells is known if its indicator x, 1 in S and 0 elsewhere, is in R; then so are its
n, its sum of scores and its sum of squares. With the equations as rows over hidden cells, x is a
combination of rows that vanishes on every cell that cannot be a member: cells with parts of their
own, and leaves with too many people. The rows are reduced modulo a prime, which is exact. In
reduced echelon form a multiplier is the value of x at its pivot, so it is 0 or 1. Where the people
of every cell are known to whom the search is for, few combinations have few enough, and they are
tried one by one; else an integer program chooses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from dagster_project.disclosure.attack.blocks import Changed
from dagster_project.disclosure.attack.layout import Flags, Floats, Ints
from dagster_project.disclosure.attack.tables import Equations, Measured, Structure

PRIME = 2**31 - 1
STEPS = 20_000
"""Combinations that are tried."""
PATIENCE = 10.0
"""Seconds for one integer program."""
DENOMINATORS = range(1, 25)


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
    structure: Structure, right: Floats, light: Flags, most: int, people: Ints | None = None
) -> Union | None:
    """Return the union of 1 to `most` respondents with the fewest; None if there is none.

    Args:
        structure: the equations between hidden cells.
        right: the right side of each row, for the number of respondents.
        light: hidden cells that may be members.
        most: respondents.
        people: respondents of each light cell, where they are known to whom the search is for.

    Raises:
        UndecidedError: there are too many combinations, or a program ran into its limit.

    """
    entries = structure.row, structure.cells[structure.col], structure.coef
    sides = np.round(right).astype(np.int64)
    basis = basis_of(*entries, sides, light, people)
    return None if basis is None else _lightest(basis, most, people, Movers.none())


def lightest_difference(
    after: Measured, before: Measured, equations: Equations, people: Ints, movers: Movers, most: int
) -> Union | None:
    """Return the union known in both vintages that fewest people changed.

    It has at most `most` people of `people`, and somebody in it changed, or moved in or out. Leaves
    that are published in both vintages count as unions too.

    Args:
        after: the measure in the later vintage.
        before: the measure in the earlier vintage.
        equations: those of the block.
        people: by cell, respondents added, removed or changed within it.
        movers: by cell, those who moved.
        most: people.

    Raises:
        UndecidedError: an integer program ran into its limit.

    """
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
    rows = _in_both(after, before, equations, known)
    none = np.zeros(1 + int(rows[0].max(initial=-1)), np.int64)
    basis = basis_of(*rows, none, light, people)
    if basis is None:
        return best
    basis = replace(basis, sides=basis.rows @ people[basis.cells] % PRIME)
    place = np.full(len(scope) + 1, -1)
    place[basis.cells] = np.arange(len(basis.cells))
    at_basis = Movers(place[movers.source], place[movers.target], movers.people, movers.altered)
    return _lightest(basis, most, people, at_basis) or best


def _in_both(
    after: Measured, before: Measured, equations: Equations, known: Flags
) -> tuple[Ints, Ints, Floats]:
    """Rows over cells (row, cell, coefficient) that span what both vintages tell.

    Modulo the equations and what is known in both, a combination of cells known only in one vintage
    is told by both if it equals one of cells known only in the other.
    """
    kept = (after.valid & before.valid)[equations.row] & ~known[equations.cell]
    row, cell, sign = equations.row[kept], equations.cell[kept], equations.sign[kept]
    only_after, only_before = after.known & ~known, before.known & ~known
    if not (only_after.any() and only_before.any()):
        return row, cell, sign
    none = np.zeros(len(equations.parent), np.int64)
    relations = basis_of(row, cell, sign, none, only_after | only_before)
    if relations is None:
        return row, cell, sign
    number, column = np.nonzero(relations.rows)
    values = _fractions(relations.rows)[number, column]
    mine = only_after[relations.cells[column]]
    return (
        np.concatenate([row, number[mine] + len(equations.parent)]),
        np.concatenate([cell, relations.cells[column[mine]]]),
        np.concatenate([sign, values[mine]]),
    )


def basis_of(
    row: Ints, cell: Ints, coef: Floats, sides: Ints, free: Flags, people: Ints | None = None
) -> Basis | None:
    """Reduce the combinations of rows that vanish outside the free cells; None if only 0 does.

    Args:
        row: number of the row of each entry.
        cell: cell of each entry.
        coef: coefficient of each entry; whole, or a fraction with a small denominator.
        sides: a number per row, carried along.
        free: cells that may be left.
        people: by cell; those with most come first.

    """
    alive = np.ones(len(sides), dtype=bool)
    bound = ~free[cell]
    while True:  # a row that alone has a cell which must vanish cannot be used
        use = bound & alive[row]
        lone = np.bincount(cell[use], minlength=len(free)) == 1
        doomed = row[use & lone[cell]]
        if not len(doomed):
            break
        alive[doomed] = False
    kept = alive[row]
    if not kept.any():
        return None
    cells, column = np.unique(cell[kept], return_inverse=True)
    order = np.lexsort((np.zeros(len(cells)) if people is None else -people[cells], free[cells]))
    rank = np.argsort(order)
    used, number = np.unique(row[kept], return_inverse=True)
    matrix = np.zeros((len(used), len(cells) + 1), dtype=np.int64)
    np.add.at(matrix, (number, rank[column]), _residues(coef[kept]))
    matrix[:, -1] = sides[used]
    bounded = int((~free[cells]).sum())
    left = _without(matrix % PRIME, bounded)[:, bounded:]
    reduced = _reduced(left, len(cells) - bounded)
    if not len(reduced):
        return None
    return Basis(reduced[:, :-1], reduced[:, -1], cells[order][bounded:])


def _residues(values: Floats) -> Ints:
    """Whole numbers modulo the prime; a fraction as numerator times the inverse of denominator."""
    whole = np.round(values)
    found = whole.astype(np.int64) % PRIME
    for place in np.flatnonzero(np.abs(values - whole) > 1e-9):  # noqa: PLR2004
        for denominator in DENOMINATORS:
            numerator = values[place] * denominator
            if abs(numerator - round(numerator)) < 1e-9:  # noqa: PLR2004
                found[place] = round(numerator) * pow(denominator, -1, PRIME) % PRIME
                break
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


def _without(matrix: Ints, columns: int) -> Ints:
    """Eliminate the first columns; returns the rows that are left."""
    alive = np.ones(len(matrix), dtype=bool)
    for column in range(columns):
        rows = np.flatnonzero(matrix[:, column] * alive)
        if len(rows):
            _eliminate(matrix, rows[0], rows[1:], column)
            alive[rows[0]] = False
    return matrix[alive]


def _reduced(matrix: Ints, columns: int) -> Ints:
    """Return the reduced echelon form with pivots in the first columns, without its zero rows."""
    pivots: list[int] = []
    free = np.ones(len(matrix), dtype=bool)
    for column in range(columns):
        rows = np.flatnonzero(matrix[:, column])
        chosen = rows[free[rows]]
        if not len(chosen):
            continue
        pivot = int(chosen[0])
        inverse = pow(int(matrix[pivot, column]), -1, PRIME)
        matrix[pivot] = matrix[pivot] * inverse % PRIME
        _eliminate(matrix, pivot, rows[rows != pivot], column)
        free[pivot] = False
        pivots.append(pivot)
    return matrix[pivots]


def _eliminate(matrix: Ints, pivot: int, rows: Ints, column: int) -> None:
    if len(rows):
        inverse = pow(int(matrix[pivot, column]), -1, PRIME)
        factors = matrix[rows, column] * inverse % PRIME
        matrix[rows] = (matrix[rows] - factors[:, None] * matrix[pivot] % PRIME) % PRIME


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
    constraints = [
        LinearConstraint(np.hstack([coefficients, np.zeros((len(coefficients), extra))]), 0, 1),
        LinearConstraint(np.concatenate([people, np.ones(extra)]), 1, np.inf),
        LinearConstraint(np.concatenate([people, np.zeros(extra)]), 0, most),
        LinearConstraint(np.hstack([-(one + other), noticed]), -np.inf, 0),
        LinearConstraint(np.hstack([one + other, noticed]), -np.inf, open_),
    ]
    result = milp(
        np.concatenate([people, np.full(extra, 1e-3)]),
        integrality=np.ones(size + extra),
        bounds=Bounds(0, 1),
        constraints=constraints if extra else constraints[:3],
        options={"time_limit": PATIENCE},
    )
    if result.status == 2:  # noqa: PLR2004
        return None
    if result.status != 0:
        raise UndecidedError
    member_of: Flags = np.round(result.x[:size]).astype(np.int64) @ rows % PRIME == 1
    return member_of


def people_in(changed: Changed, measure: int, after: int, before: int, size: int,
              equations: Equations) -> tuple[Ints, Movers]:  # fmt: skip
    """Return the people behind a difference, by cell of the block, and the movers.

    A total has as many as its parts, in the partition that has most of them.
    """
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
