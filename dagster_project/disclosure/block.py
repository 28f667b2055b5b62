"""What the steps work on: one block of cells as arrays.

Belongs here: the values that are passed around. Does not belong here: making or judging them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Equation:
    """The cell `parent` is the sum of the cells `children`; numbers are positions in the block."""

    parent: int
    children: tuple[int, ...]


@dataclass(frozen=True)
class Measure:
    """One additive figure in the cells where it is asked.

    Arrays have one entry per asked cell: `cells` positions in the block, `n` respondents,
    `effective` their effective number, `weight`, `total` and `squares` sums of weights, of scores
    and of squared scores. `low` and `high` are the ends of the scale of a score. `grows` says that
    since earlier versions nobody left or changed.
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
    grows: bool = True
    stirred: Ints | None = None

    @property
    def is_empty(self) -> Flags:
        """Whether nobody is behind a figure, so that it is 0 for certain, shape (asked cells,)."""
        return np.asarray(self.people == 0)

    @property
    def people(self) -> Ints:
        """Respondents behind a figure, whether or not it shows them, shape (asked cells,)."""
        return self.n if self.stirred is None else self.n + self.stirred

    @property
    def is_weighted(self) -> bool:
        """Whether the weights differ from 1 anywhere."""
        return bool((np.abs(self.weight - self.n) > TOLERANCE).any())


@dataclass(frozen=True)
class Block:
    """Everything that one set of equations ties together.

    `names` are the cells, as tuples of the columns of `CELL`; `base` is the number of respondents
    of each, 0 where nobody is; `measures` are grouped as in the input, the base not among them.
    Where something was released before, cells of earlier versions and changes since follow those of
    now (see history): the first `current` are those of now, `stated` says per group which figures
    are public already.
    """

    study: str
    names: tuple[tuple[str, ...], ...]
    equations: tuple[Equation, ...]
    base: Measure
    measures: Mapping[str, tuple[Measure, ...]] = field(default_factory=dict)
    history: History | None = None

    @property
    def size(self) -> int:
        """Number of cells, those of earlier versions included."""
        return len(self.names)

    @property
    def current(self) -> Flags:
        """Which cells are of now, shape (cells,)."""
        if self.history is None:
            return np.ones(self.size, dtype=bool)
        return np.arange(self.size) < self.history.current

    @property
    def change(self) -> Flags:
        """Which cells are a change since an earlier version, shape (cells,)."""
        return np.zeros(self.size, dtype=bool) if self.history is None else self.history.change

    def stated(self, group: str) -> Flags:
        """Which figures of a group are public already, shape (cells,)."""
        nothing = np.zeros(self.size, dtype=bool)
        return nothing if self.history is None else self.history.stated.get(group, nothing)

    def listed(self, group: str) -> Flags:
        """Which cells have a row of the group now, shape (cells,)."""
        flags = np.ones(self.size, dtype=bool)
        if self.history is not None:
            flags[:] = False
            flags[: self.history.current] = self.history.listed.get(group, False)
        return flags

    @property
    def respondents(self) -> Ints:
        """Respondents of every cell of the block, 0 where the base does not name it."""
        counts = np.zeros(self.size, dtype=np.int64)
        counts[self.base.cells] = self.base.n
        return counts


@dataclass(frozen=True)
class History:
    """What earlier versions add to a block.

    `current`: the number of cells of now. `change`, shape (cells,): the cells that stand for the
    change of one since a version. `stated`: per group, the figures that are public already, shape
    (cells,). `last`: per group, the latest version that stated a cell of now, 0 for none, shape
    (current,); `since`: per group, the fewest respondents of one of its measures that were touched
    since then, if any were, shape (current,). `listed`: per group, which of them have a row now,
    shape (current,).
    """

    current: int
    change: Flags
    stated: Mapping[str, Flags]
    last: Mapping[str, Ints]
    since: Mapping[str, Ints]
    listed: Mapping[str, Flags]
