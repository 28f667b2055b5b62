"""Searches unions of hidden leaves that hold too few people and follow from what is published.

Belongs here: the search. Does not belong here: which cells follow (elimination), what to do about
it (groups).

A union is a vector of zeros and ones over the hidden leaves. In the tableau every leaf outside the
basis (*tied*) has one equation: it follows from the *free* leaves of the basis. A union follows
from what is published if it is a sum of such equations, so the tied leaves in it say which
equations are added, and the sum must come out as 0 or 1 at every free leaf as well. The search
starts from a leaf and adds equations only to mend a free leaf at which the sum is neither, or to
leave out one that makes a union too large, so it meets every union that is not made of smaller
ones. The number of people bounds its depth; where
leaves without people make it long it stops, and an integer program decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from dagster_project.disclosure.protect.blocks import Flags, Ints

STEPS = 3000
"""Steps of the search after which an integer program takes over."""

NODES = 20000
"""Nodes of the integer program after which it is taken to have found something."""


@dataclass(frozen=True)
class Union:
    """A union that follows from what is published; without leaves if the search was too long."""

    leaves: Ints

    @property
    def is_certain(self) -> bool:
        """Whether it was found, not only feared."""
        return len(self.leaves) > 0


class _TooLong(Exception):  # noqa: N818
    """The search has taken too many steps."""


class Search:
    """The equations of a tableau, and the people in its leaves."""

    def __init__(self, entries: Ints, units: Ints, tied: Ints, free: Ints, min_n: int) -> None:
        """Take them as they are.

        Args:
            entries: how the open change of each free leaf moves the tied ones, (free, tied).
            units: how it moves the free leaf itself, shape (free,).
            tied: people in the tied leaves by measure, shape (measures, tied).
            free: people in the free leaves, shape (measures, free).
            min_n: a union is light with 1 to min_n - 1 people by any measure.

        """
        self._entries, self._units, self._min_n = entries, units, min_n
        self._tied, self._free = tied, free

    def lightest(self, tied: Ints, free: Ints, through: tuple[Flags, Flags] | None) -> Union | None:
        """Find a light union; leaves are named by `tied` and `free`.

        Args:
            tied: names of the tied leaves.
            free: names of the free leaves.
            through: flags of tied and of free leaves; a union must have one of them.

        """
        for people_tied, people_free in zip(self._tied, self._free, strict=True):
            if not (people_tied.any() or people_free.any()):
                continue  # nobody is in any union
            walk = _Walk(self._entries, self._units, people_tied, people_free, self._min_n)
            try:
                found = walk.search(through)
            except _TooLong:
                found = self._solve(people_tied, people_free)
                if found is not None and not (len(found[0]) or len(found[1])):
                    return Union(np.zeros(0, dtype=np.int64))
            if found is not None:
                return Union(np.sort(np.concatenate([tied[found[0]], free[found[1]]])))
        return None

    def _solve(self, tied: Ints, free: Ints) -> tuple[Ints, Ints] | None:
        """Decide by an integer program; two empty results if it cannot."""
        status, point = self._program(np.concatenate([tied, free]))
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        nothing = np.zeros(0, dtype=np.int64)
        if point is None:
            return nothing, nothing
        chosen, split = np.round(point).astype(np.int64), len(tied)
        if (self._entries @ chosen[:split] + self._units * chosen[split:]).any():
            return nothing, nothing
        return np.flatnonzero(chosen[:split]), np.flatnonzero(chosen[split:])

    def _program(self, people: Ints) -> tuple[highspy.HighsModelStatus, Ints | None]:
        system = np.vstack([np.hstack([self._entries, np.diag(self._units)]), people]).astype(float)
        count, limits = len(people), np.zeros(len(system))
        column, row = np.nonzero(system.T)
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = count, len(system)
        program.col_cost_ = people.astype(float)
        program.col_lower_, program.col_upper_ = np.zeros(count), np.ones(count)
        program.row_lower_ = np.append(limits[:-1], 1.0)
        program.row_upper_ = np.append(limits[:-1], self._min_n - 1.0)
        program.integrality_ = [highspy.HighsVarType.kInteger] * count
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = np.searchsorted(column, np.arange(count + 1))
        program.a_matrix_.index_ = row
        program.a_matrix_.value_ = system[row, column]
        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("mip_max_nodes", NODES)
        solver.setOptionValue("mip_max_improving_sols", 1)
        solver.passModel(program)
        solver.run()
        found = solver.getInfo().primal_solution_status == 2  # noqa: PLR2004
        point = np.asarray(solver.getSolution().col_value) if found else None
        return solver.getModelStatus(), point


def _places(flags: int) -> Iterator[int]:
    """Yield the places of the bits that are set, the lowest first."""
    while flags:
        lowest = flags & -flags
        yield lowest.bit_length() - 1
        flags ^= lowest


class _Walk:
    """The search for unions that are light by one measure.

    Tied leaves are numbered from the one with the fewest people, those with too many left out, and
    sets of them are the bits of a whole number. Where a search stands is told by `sums`, those of
    the equations of the `chosen` tied leaves at the free leaves; by `fixed`, what they must be at
    some of them; and by `people`, how many are in the union for certain.
    """

    def __init__(self, entries: Ints, units: Ints, tied: Ints, free: Ints, min_n: int) -> None:
        self._names = np.argsort(tied, kind="stable")[: np.count_nonzero(tied < min_n)]
        self._entries, self._min_n = entries[:, self._names], min_n
        # sets of tied leaves by free leaf, as the bytes of whole numbers
        self._raising = np.packbits(self._entries > 0, axis=1, bitorder="little")
        self._lowering = np.packbits(self._entries < 0, axis=1, bitorder="little")
        self._tied: list[int] = tied[self._names].tolist()
        self._free: list[int] = free.tolist()
        self._units: list[int] = (-units).tolist()
        fewer = np.searchsorted(tied[self._names], np.arange(min_n + 1)).tolist()
        self._lighter = [(1 << count) - 1 for count in fewer]
        self._columns: dict[int, list[tuple[int, int]]] = {}
        self._rows: dict[int, tuple[int, int]] = {}
        self._out = 0
        self._steps = 0

    def search(self, through: tuple[Flags, Flags] | None) -> tuple[Ints, Ints] | None:
        """Start from every leaf in turn, without those that were started from before."""
        some, others = np.argsort(self._names), np.zeros(0, dtype=np.int64)
        if through is not None:
            some, others = some[through[0][self._names[some]]], np.flatnonzero(through[1])
        fixed = {leaf: 0 for leaf, n in enumerate(self._free) if n >= self._min_n}
        found = None
        for leaf in some.tolist():
            found = self._grow(leaf, {}, fixed, 0, 0)
            self._out |= 1 << leaf
            if found is not None:
                return found
        for leaf in others.tolist():
            if leaf not in fixed:
                inside = {**fixed, leaf: self._units[leaf]}
                found = self._mend({leaf: 0}, inside, self._free[leaf], 0)
                fixed[leaf] = 0
            if found is not None:
                return found
        return None

    def _column(self, tied: int) -> list[tuple[int, int]]:
        """Return where the equation of a tied leaf is not 0: free leaves and entries."""
        if tied not in self._columns:
            column = self._entries[:, tied]
            there = column.nonzero()[0]
            self._columns[tied] = list(zip(there.tolist(), column[there].tolist(), strict=True))
        return self._columns[tied]

    def _row(self, free: int) -> tuple[int, int]:
        """Return the tied leaves whose equations raise, and lower, the sum at a free leaf."""
        if free not in self._rows:
            self._rows[free] = (
                int.from_bytes(self._raising[free].tobytes(), "little"),
                int.from_bytes(self._lowering[free].tobytes(), "little"),
            )
        return self._rows[free]

    def _grow(
        self, tied: int, sums: dict[int, int], fixed: dict[int, int], people: int, chosen: int
    ) -> tuple[Ints, Ints] | None:
        """Add the equation of a tied leaf, and what that takes."""
        sums = sums.copy()
        for free, entry in self._column(tied):
            sums[free] = sums.get(free, 0) + entry
        return self._mend(sums, fixed, people + self._tied[tied], chosen | 1 << tied)

    def _mend(
        self, sums: dict[int, int], fixed: dict[int, int], people: int, chosen: int
    ) -> tuple[Ints, Ints] | None:
        """Add equations until the sum is 0 or 1 at every free leaf."""
        self._steps += 1
        if self._steps > STEPS:
            raise _TooLong
        usable = self._lighter[self._min_n - people] & ~(self._out | chosen)
        fewest, options = -1, (0, 0)
        for free, total in sums.items():
            ends = (0, self._units[free])
            if free in fixed:
                ends = (fixed[free], fixed[free])
            if total in ends:
                continue
            raising, lowering = self._row(free)
            raising = raising & usable if total < max(ends) else 0
            lowering = lowering & usable if total > min(ends) else 0
            count = raising.bit_count() + lowering.bit_count()
            if not count:
                return None
            if count < fewest or fewest < 0:
                fewest, options = count, (raising, lowering)
        if fewest < 0:
            found = self._judged(sums, people, chosen)
            return found or self._without_one(sums, fixed, people, chosen)
        return self._try(options, sums, fixed, people, chosen)

    def _try(
        self,
        options: tuple[int, int],
        sums: dict[int, int],
        fixed: dict[int, int],
        people: int,
        chosen: int,
    ) -> tuple[Ints, Ints] | None:
        """Add the equation of one of these tied leaves, each without those tried before."""
        before = self._out
        for side in options:
            for tied in _places(side):
                found = self._grow(tied, sums, fixed, people, chosen)
                if found is not None:
                    return found
                self._out |= 1 << tied
        self._out = before
        return None

    def _judged(self, sums: dict[int, int], people: int, chosen: int) -> tuple[Ints, Ints] | None:
        """Return the union that is complete if it is light."""
        free = [leaf for leaf, total in sums.items() if total]
        tied = list(_places(chosen))
        people = sum(self._free[leaf] for leaf in free) + sum(self._tied[leaf] for leaf in tied)
        if not 1 <= people < self._min_n:
            return None
        return self._names[tied], np.array(free, dtype=np.int64)

    def _without_one(
        self, sums: dict[int, int], fixed: dict[int, int], people: int, chosen: int
    ) -> tuple[Ints, Ints] | None:
        """Go on from a union that is not light: a light one lacks one of its free leaves.

        One that has all of them, and the tied ones, would leave a smaller union.
        """
        there = [leaf for leaf, total in sums.items() if total and leaf not in fixed]
        there.sort(key=self._free.__getitem__, reverse=True)
        fixed = dict(fixed)
        for leaf in there:
            found = self._mend(sums, {**fixed, leaf: 0}, people, chosen)
            if found is not None:
                return found
            fixed[leaf] = sums[leaf]
            people += self._free[leaf]
            if people >= self._min_n:
                break
        return None
