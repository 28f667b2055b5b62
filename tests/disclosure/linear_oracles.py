"""What follows from equations between hidden figures: exactly, in three ways, and by bounds.

The three ways share nothing: elimination in fractions, a random vector of the null space, linear
programs. They are the second opinion on a package that is not imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

Name = Any
"""What an unknown is called: anything that can be sorted."""

Exact = int | Fraction
"""Whole numbers stay whole as long as they can: sums of them take a tenth of the time."""

NEAR = 1e-6
"""How far two figures may differ and still be the same: scores have at most a few digits."""


def exact_by_elimination(rows: Sequence[Mapping[int, int]], size: int) -> set[int]:
    """Return the unknowns that the equations determine: Gauss and Jordan, in fractions."""
    basis = reduced(rows)
    return {pivot for pivot, row in basis.items() if len(row) == 1 and pivot < size}


def reduced(rows: Iterable[Mapping[Name, Exact]]) -> dict[Name, dict[Name, Exact]]:
    """Return the reduced row echelon form, one row per pivot."""
    basis: dict[Name, dict[Name, Exact]] = {}
    for row in rows:
        left = residue(basis, row)
        if not left:
            continue
        pivot = min(left)
        left = {i: _divided(x, left[pivot]) for i, x in left.items()}
        for other in basis.values():
            if pivot in other:
                _subtract(other, left, other[pivot])
        basis[pivot] = left
    return basis


def residue(
    basis: Mapping[Name, Mapping[Name, Exact]], row: Mapping[Name, Exact]
) -> dict[Name, Exact]:
    """Return what is left of a combination of unknowns once all that is determined is taken off."""
    left = dict(row)
    for pivot in [i for i in left if i in basis]:
        _subtract(left, basis[pivot], left[pivot])
    return left


def _divided(x: Exact, by: Exact) -> Exact:
    return x * by if by in (1, -1) else Fraction(x) / by


def _subtract(row: dict[Name, Exact], other: Mapping[Name, Exact], times: Exact) -> None:
    for i, x in other.items():
        if left := row.get(i, 0) - times * x:
            row[i] = left
        else:
            del row[i]


def _matrix(rows: Sequence[Mapping[int, int]], size: int) -> csr_array:
    entries = [(r, i, float(x)) for r, row in enumerate(rows) for i, x in row.items()]
    r, i, x = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((x, (r, i)), shape=(len(rows), size))


def exact_by_null_vector(
    rows: Sequence[Mapping[int, int]], size: int, seed: int = 20201
) -> set[int]:
    """Return the unknowns at zero in a random solution of the homogeneous equations."""
    if not rows:
        return set()
    _, values, vectors = np.linalg.svd(_matrix(rows, size).toarray())
    rank = int((values > NEAR).sum())
    null = np.random.default_rng(seed).normal(size=size - rank) @ vectors[rank:]
    return set(np.flatnonzero(np.abs(null) < NEAR).tolist())


def exact_by_programs(rows: Sequence[Mapping[int, int]], size: int) -> set[int]:
    """Return the unknowns that no perturbation within -1..1 can move."""
    moved = np.zeros(size, bool)
    program = Program(rows, [(-1.0, 1.0)] * size)
    for i in range(size):
        if not moved[i]:
            moved |= np.abs(program.most({i: 1.0})) > NEAR
    return set(np.flatnonzero(~moved).tolist())


class Program:
    """Perturbations of the truth that everything published allows.

    Args:
        rows: equations that a perturbation obeys with right-hand side 0.
        bounds: least and most per unknown; None is without end.
        above: pairs (coefficients, most): further inequalities.

    """

    def __init__(
        self,
        rows: Sequence[Mapping[int, int]],
        bounds: Sequence[tuple[float | None, float | None]],
        above: Sequence[tuple[Mapping[int, float], float]] = (),
    ) -> None:
        self.bounds = list(bounds)
        self.equal = _matrix(rows, len(bounds)) if rows else None
        self.above = _matrix([row for row, _ in above], len(bounds)) if above else None
        self.limits = [most for _, most in above] or None

    def most(
        self, objective: Mapping[int, float], reach: float | None = None
    ) -> npt.NDArray[np.float64]:
        """Return a perturbation with the largest objective, or one that reaches `reach`."""
        c = np.zeros(len(self.bounds))
        for i, x in objective.items():
            c[i] = -x
        above, limits = self.above, self.limits
        if reach is not None:
            wanted = csr_array(-c[None, :])
            above = wanted if above is None else vstack([above, wanted], format="csr")
            limits = [*(limits or []), reach]
        found = linprog(
            c,
            A_ub=above,
            b_ub=limits,
            A_eq=self.equal,
            b_eq=None if self.equal is None else np.zeros(self.equal.shape[0]),
            bounds=self.bounds,
            method="highs",
        )
        if found.status != 0:
            raise AssertionError(f"a linear program without solution: {found.message}")
        return np.asarray(found.x)
