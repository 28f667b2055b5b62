"""What two vintages of a table tell of the people who changed between them.

Belongs here: comparisons of vintages in a block, unions of few who changed. Does not belong here:
a single vintage, which is a table like any other (choice), how vintages are kept.

A revised table goes into `protect` together with every earlier vintage of it. Each vintage is a
value of its own on the layout's time dimension, with its own totals; what was published of it is
decided. So one system of equations holds all that a reader has, shared periods included, and the
ordinary promises cover every vintage. What is left is the difference w - v of two vintages: the
table of those who changed. A union S of its leaves is known if both vintages together tell it: if
the vectors of w less those of v cancel on S. It is safe if at least `min_n` of those who were
added, removed or changed within their leaf are in it, or if nothing in it changed. Somebody who
moved from one leaf to another is seen by a union that has one of the two, but never helps it to
reach `min_n`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dagster_project.disclosure.protect.blocks import (
    Comparison,
    Equations,
    Flags,
    Floats,
    Ints,
    Movers,
)
from dagster_project.disclosure.protect.bounds import Component, Space
from dagster_project.disclosure.protect.changes import Changes
from dagster_project.disclosure.protect.elimination import Tableau

PRIME = 2**31 - 1
"""Relations are found modulo this prime, which is exact but for one chance in so many."""
MOST_STATES = 200_000
"""Partial unions that are tried at once; more are taken to hold a union that tells of a few."""


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


def few_who_changed(
    vectors: Ints, people: Ints, movers: Movers | None, gone: Flags, most: int
) -> bool:
    """Whether a union of leaves of a difference is known, with somebody and too few in it.

    One of leaves that all have no row any more does not count: the earlier vintage told it.

    Args:
        vectors: what is unexplained of each leaf's difference, shape (k, leaves).
        people: those added, removed or changed within it, shape (k,).
        movers: those who moved; None for nobody.
        gone: leaves without a row in the later vintage, shape (k,).
        most: people a union may have at most.

    Returns:
        True as well where there are too many combinations to be certain.

    """
    ends = np.zeros(len(people) + 1, dtype=bool)
    if movers is not None:
        ends[movers.source] = ends[movers.target] = True
    touched = (people > 0) | ends[:-1]
    known = ~vectors.any(axis=1)
    if (known & touched & (people <= most) & ~gone).any():
        return True
    kept = np.flatnonzero((~known | (gone & touched)) & (people <= most))
    if not touched[kept].any():
        return False
    order = kept[np.lexsort((people[kept], touched[kept]))]
    basis, _ = relations(vectors[order])
    states = np.zeros((1, len(order)), dtype=np.int64)
    last = np.full(len(order), -1)
    for number, relation in enumerate(basis):
        last[relation != 0] = number
    weights = people[order]
    for number, relation in enumerate(basis):
        states = np.concatenate([states, (states + relation) % PRIME])
        settled = last <= number
        fine = (states[:, settled] <= 1).all(axis=1)
        states = states[fine & (states[:, settled] @ weights[settled] <= most)]
        if len(states) > MOST_STATES:
            return True
    member = np.zeros((len(states), len(people)), dtype=bool)
    member[:, order] = states.astype(bool)
    shown = states @ weights >= 1
    if movers is not None:
        shown |= movers.noticed(member)
    return bool((shown & member[:, ~gone].any(axis=1)).any())


def tells_of_few(
    tableau: Tableau, comparisons: tuple[Comparison, ...], measures: set[str], min_n: int
) -> bool:
    """Whether what is published tells a union of too few who changed in one of the measures.

    Where a leaf lost its row the answer is always yes: a row that is not there tells 0, and no
    choice of what to publish takes that back. Such a revision withdraws the whole of its periods.
    """
    changes = tableau.directions() % PRIME
    padded = np.concatenate([changes.T, np.zeros((1, len(changes)), dtype=changes.dtype)])
    for comparison in comparisons:
        for measure in sorted(measures & comparison.measures):
            people, movers = comparison.of(measure)
            vectors = (padded[comparison.after] - padded[comparison.before]) % PRIME
            gone = comparison.after < 0
            if gone.any():
                return True
            if few_who_changed(vectors.astype(np.int64), people, movers, gone, min_n - 1):
                return True
    return False


@dataclass(frozen=True)
class Growth:
    """How much leaves, or all cells, grew between vintages: see `bounds.Tied`.

    A reader may believe that nobody was lost. Where somebody was, the reader is wrong, and nothing
    true follows; so the growth of a leaf is known to be at least 0, or what it is where that is
    less, and that of a total follows from its leaves. `pairs`, shape (k, 2), are positions of a
    cell after and before.
    """

    pairs: Ints
    values: Floats
    floor: Floats
    hidden: Flags
    cell: Ints
    equations: Equations

    @classmethod
    def since(
        cls,
        component: Component,
        comparisons: tuple[Comparison, ...],
        kept: Flags,
        *,
        totals: bool = False,
    ) -> Component:
        """Tie a component to its growth between vintages, if any; `kept` cells stay hidden."""
        leaves = [one.in_both for one in comparisons]
        pairs = np.concatenate(
            [np.zeros((0, 2), np.int64), *leaves, *(one.totals for one in comparisons if totals)]
        )
        if not len(pairs):
            return component
        size = len(component.values)
        after, before = pairs.T
        growth = component.values[after] - component.values[before]
        is_total = np.arange(len(pairs)) >= sum(len(one) for one in leaves)
        sums = [(int(a), (int(b), size + k)) for k, (a, b) in enumerate(pairs)]
        tied = cls(
            pairs=pairs,
            values=growth,
            floor=np.where(is_total, -component.values[before], np.minimum(growth, 0.0)),
            hidden=np.ones(len(pairs), dtype=bool),
            cell=np.where(kept[before], before, after),
            equations=Equations.listed(size + len(pairs), sums),
        )
        return replace(component, tied=tied, reach=None)

    def space(self, tableau: Tableau, alone: Space) -> Space:
        """Return the changes that keep what is published, with how each changes the growth."""
        size = tableau.size
        dense = alone.basis.dense(size)
        growth = dense[:, self.pairs[:, 0]] - dense[:, self.pairs[:, 1]]
        return Space(Changes.of(np.concatenate([dense, growth], axis=1)))
