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

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import scipy.sparse

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
        system = scipy.sparse.csc_array(
            np.vstack([np.hstack([self._entries, np.diag(self._units)]), people]).astype(float)
        )
        count = len(people)
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = count, system.shape[0]
        program.col_cost_ = people.astype(float)
        program.col_lower_, program.col_upper_ = np.zeros(count), np.ones(count)
        limits = np.zeros(system.shape[0])
        program.row_lower_ = np.append(limits[:-1], 1.0)
        program.row_upper_ = np.append(limits[:-1], self._min_n - 1.0)
        program.integrality_ = [highspy.HighsVarType.kInteger] * count
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = system.indptr
        program.a_matrix_.index_ = system.indices
        program.a_matrix_.value_ = system.data
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


@dataclass(frozen=True)
class _State:
    """Where a search stands.

    `sums` are those of the equations of `chosen` tied leaves at the free leaves, `fixed` what they
    must be at some of them, `people` how many are in the union for certain.
    """

    sums: dict[int, int]
    fixed: dict[int, int]
    people: int
    chosen: tuple[int, ...]


class _Walk:
    """The search for unions that are light by one measure."""

    def __init__(self, entries: Ints, units: Ints, tied: Ints, free: Ints, min_n: int) -> None:
        self._entries, self._min_n = entries, min_n
        self._tied: list[int] = tied.tolist()
        self._free: list[int] = free.tolist()
        self._units: list[int] = units.tolist()
        self._columns: dict[int, list[tuple[int, int]]] = {}
        self._rows: dict[tuple[int, bool], list[int]] = {}
        self._out: set[int] = set()
        self._steps = 0

    def search(self, through: tuple[Flags, Flags] | None) -> tuple[Ints, Ints] | None:
        """Start from every leaf in turn, without those that were started from before."""
        some = range(len(self._tied)) if through is None else np.flatnonzero(through[0]).tolist()
        others = [] if through is None else np.flatnonzero(through[1]).tolist()
        fixed = {leaf: 0 for leaf, n in enumerate(self._free) if n >= self._min_n}
        found = None
        for leaf in some:
            found = self._grow(leaf, _State({}, fixed, 0, ()))
            self._out.add(leaf)
            if found is not None:
                return found
        for leaf in others:
            if leaf not in fixed:
                inside = {**fixed, leaf: -self._units[leaf]}
                found = self._mend(_State({leaf: 0}, inside, self._free[leaf], ()))
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

    def _row(self, free: int, *, rising: bool) -> list[int]:
        """Return the tied leaves whose equations raise or lower the sum at a free leaf."""
        if (free, rising) not in self._rows:
            row = self._entries[free]
            there = (row > 0 if rising else row < 0).nonzero()[0].tolist()
            there.sort(key=self._tied.__getitem__)
            self._rows[free, rising] = there
        return self._rows[free, rising]

    def _grow(self, tied: int, state: _State) -> tuple[Ints, Ints] | None:
        """Add the equation of a tied leaf, and what that takes."""
        people = state.people + self._tied[tied]
        if people >= self._min_n:
            return None
        sums = state.sums.copy()
        for free, entry in self._column(tied):
            sums[free] = sums.get(free, 0) + entry
        return self._mend(_State(sums, state.fixed, people, (*state.chosen, tied)))

    def _mend(self, state: _State) -> tuple[Ints, Ints] | None:
        """Add equations until the sum is 0 or 1 at every free leaf."""
        self._steps += 1
        if self._steps > STEPS:
            raise _TooLong
        fewest: list[int] | None = None
        for free, total in state.sums.items():
            unit = -self._units[free]
            least, most = (0, unit) if unit > 0 else (unit, 0)
            if free in state.fixed:
                least = most = state.fixed[free]
            if total in (least, most):
                continue
            options = self._options(free, total, least, most, state)
            if fewest is None or len(options) < len(fewest):
                fewest = options
                if not options:
                    return None
        if fewest is None:
            return self._judged(state) or self._without_one(state)
        added = []
        try:
            for tied in fewest:
                found = self._grow(tied, state)
                if found is not None:
                    return found
                self._out.add(tied)
                added.append(tied)
        finally:
            self._out.difference_update(added)
        return None

    def _options(self, free: int, total: int, least: int, most: int, state: _State) -> list[int]:
        """Return the tied leaves of which one has to be added to mend a sum."""
        ways = (True, False) if least < total < most else (total < least,)
        room, out, weights = self._min_n - state.people, self._out, self._tied
        found: list[int] = []
        for rising in ways:
            for tied in self._row(free, rising=rising):
                if weights[tied] >= room:
                    break  # they are sorted
                if tied not in out and tied not in state.chosen:
                    found.append(tied)
        return found

    def _judged(self, state: _State) -> tuple[Ints, Ints] | None:
        """Return the union that is complete if it is light."""
        free = [leaf for leaf, total in state.sums.items() if total]
        people = sum(self._free[leaf] for leaf in free)
        people += sum(self._tied[leaf] for leaf in state.chosen)
        if not 1 <= people < self._min_n:
            return None
        return np.array(state.chosen, dtype=np.int64), np.array(free, dtype=np.int64)

    def _without_one(self, state: _State) -> tuple[Ints, Ints] | None:
        """Go on from a union that is not light: a light one lacks one of its free leaves.

        One that has all of them, and the tied ones, would leave a smaller union.
        """
        there = [leaf for leaf, total in state.sums.items() if total and leaf not in state.fixed]
        there.sort(key=self._free.__getitem__, reverse=True)
        fixed, people = dict(state.fixed), state.people
        for leaf in there:
            lacking = {**fixed, leaf: 0}
            found = self._mend(_State(state.sums, lacking, people, state.chosen))
            if found is not None:
                return found
            fixed[leaf] = state.sums[leaf]
            people += self._free[leaf]
            if people >= self._min_n:
                break
        return None
