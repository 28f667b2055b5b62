"""One block of cells that know of no others, as arrays.

Belongs here: how cells add up, their figures, what is decided, vintages that are compared. Does not
belong here: where blocks come from (cut), any decision.

Nothing here, nor what decides on a block, needs data frames: it runs in processes of its own, which
hold little and start fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dagster_project.disclosure.protect.rules import ADDITIVE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

Entries = tuple[Ints, Ints, Floats]
"""A sparse matrix: the rows, the columns and the values of its entries, shape (entries,) each."""


@dataclass(frozen=True)
class Equations:
    """Cells that are sums of others, as flat arrays.

    Equation i says that cell `parents[i]` is the sum of the cells `children[of == i]`; `of` is
    sorted and names every equation. Numbers are positions among `size` cells.
    """

    size: int
    parents: Ints
    children: Ints
    of: Ints

    @classmethod
    def listed(cls, size: int, sums: Iterable[tuple[int, Sequence[int]]]) -> Equations:
        """Lay out equations given as (parent, children)."""
        pairs = list(sums)
        return cls(
            size,
            np.array([parent for parent, _ in pairs], dtype=np.int64),
            np.array([child for _, children in pairs for child in children], dtype=np.int64),
            np.repeat(np.arange(len(pairs)), [len(children) for _, children in pairs]),
        )

    def __len__(self) -> int:
        return len(self.parents)

    def __iter__(self) -> Iterator[tuple[int, Ints]]:
        ends = np.searchsorted(self.of, np.arange(len(self) + 1)).tolist()
        for parent, start, end in zip(self.parents.tolist(), ends, ends[1:], strict=False):
            yield parent, self.children[start:end]

    def within(self, here: Flags) -> Equations:
        """Keep the equations between the cells `here`, shape (cells,); other parts are 0."""
        if here.all():
            return self
        kept = here[self.children] & here[self.parents[self.of]]
        there, of = np.unique(self.of[kept], return_inverse=True)
        return Equations(self.size, self.parents[there], self.children[kept], of)

    def sums(self, figures: Floats | Ints) -> npt.NDArray[Any]:
        """Add up the parts of each equation: of shape (cells, ...), to (equations, ...)."""
        if not len(self):
            return np.zeros((0, *figures.shape[1:]))
        return np.asarray(np.add.reduceat(figures[self.children], self._starts))

    def gaps(self, figures: Floats) -> npt.NDArray[Any]:
        """Return parts minus their total: 0 on every table that adds up; as `sums`."""
        return np.asarray(self.sums(figures) - figures[self.parents])

    @cached_property
    def _starts(self) -> Ints:
        return np.searchsorted(self.of, np.arange(len(self)))

    @cached_property
    def entries(self) -> Entries:
        """The matrix of parts minus their total, (equations, cells)."""
        return (
            np.concatenate([self.of, np.arange(len(self))]),
            np.concatenate([self.children, self.parents]),
            np.repeat([1.0, -1.0], [len(self.children), len(self)]),
        )


@dataclass(frozen=True)
class Measure:
    """One additive figure in the cells where it is asked.

    Arrays have one entry per asked cell: `cells` positions in the block, `n` respondents,
    `effective` their effective number, `weight`, `total` and `squares` sums of weights, of scores
    and of squared scores. `low` and `high` are the ends of the scale of a score.
    """

    group: str
    name: str
    answer: str | None
    kind: str
    low: float
    high: float
    cells: Ints
    n: Ints
    effective: Floats
    weight: Floats
    total: Floats
    squares: Floats

    @property
    def is_weighted(self) -> bool:
        """Whether the weights differ from 1 anywhere."""
        return bool((np.abs(self.weight - self.n) > ADDITIVE).any())


@dataclass(frozen=True)
class Movers:
    """Who moved, an entry per pair of leaves: their positions (-1: outside) and `altered`.

    `altered`: those who moved changed their answer as well.
    """

    source: Ints
    target: Ints
    altered: Flags

    def noticed(self, member: Flags) -> Flags:
        """Whether each union shows somebody who moved; `member` has a row per union."""
        inside = np.concatenate([member, np.zeros((len(member), 1), dtype=bool)], axis=1)
        one, other = inside[:, self.source], inside[:, self.target]
        return np.asarray(((one != other) | (self.altered & (one | other))).any(axis=1))


@dataclass(frozen=True)
class Comparison:
    """Two vintages of the leaves of a block.

    `after` and `before` are positions of the same leaf in both, -1 where it has no row; `people`
    are those added, removed or changed within it, by measure. `totals`, shape (k, 2), are positions
    of the other cells that both have.
    """

    after: Ints
    before: Ints
    totals: Ints
    people: Mapping[str, Ints]
    movers: Mapping[str, Movers]

    @property
    def in_both(self) -> Ints:
        """Positions of the leaves that both have, after and before, shape (k, 2)."""
        pairs = np.column_stack([self.after, self.before])
        return pairs[(pairs >= 0).all(axis=1)]

    @property
    def is_new(self) -> Ints:
        """Positions of leaves that have no row before."""
        return self.after[(self.after >= 0) & (self.before < 0)]

    @property
    def measures(self) -> set[str]:
        """Measures in which anything changed."""
        return {*self.people, *self.movers}

    def of(self, measure: str) -> tuple[Ints, Movers | None]:
        """Return who changed in a measure: people by leaf, and who moved."""
        nobody = np.zeros(len(self.after), dtype=np.int64)
        return self.people.get(measure, nobody), self.movers.get(measure)


@dataclass(frozen=True)
class Block:
    """All that one set of equations connects.

    `size` counts the cells; `base` is the number of respondents of each, 0 where nobody is;
    `measures` are grouped as in the input, the base not among them. `told` and `kept` say, per
    group, which cells are decided already: published and suppressed ones, shape (cells,).
    `comparisons` are of the vintages among the cells.
    """

    size: int
    equations: Equations
    base: Measure
    measures: Mapping[str, tuple[Measure, ...]] = field(default_factory=dict)
    told: Mapping[str, Flags] = field(default_factory=dict)
    kept: Mapping[str, Flags] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()

    @cached_property
    def respondents(self) -> Ints:
        """Respondents of every cell of the block, 0 where the base does not name it."""
        counts = np.zeros(self.size, dtype=np.int64)
        counts[self.base.cells] = self.base.n
        return counts

    def decided(self, group: str) -> tuple[Flags, Flags]:
        """Which cells of a group are published already and which suppressed, shape (cells,)."""
        nothing = np.zeros(self.size, dtype=bool)
        return self.told.get(group, nothing), self.kept.get(group, nothing)
