"""How far a table of hidden figures can move, by as few programs as possible.

Belongs here: linear programs over the equations of one measure (HiGHS), and bounds of every
variable of one table. Does not belong here: what tables mean.

Each solution of a program is a table that fits everything published. Two solutions that differ in
a cell show that it does not follow exactly, and the spread of all solutions seen is an interval
that the attacker's contains. So programs with an aim for many cells at once come first; what is
still open then is solved for, one cell in each connected part of the table at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import highspy
import numpy as np

from dagster_project.disclosure.attack.layout import CLOSE, Flags, Floats, Ints
from dagster_project.disclosure.attack.programs import Quiet, entries, least
from dagster_project.disclosure.attack.structure import (
    MISFIT,
    ContradictionError,
    Kernel,
    Structure,
    connected,
)

OPTIONS: dict[str, Any] = {
    "output_flag": False,
    "presolve": "off",
    "solver": "simplex",
    "simplex_scale_strategy": 0,  # all coefficients are small fractions
    "dual_simplex_cost_perturbation_multiplier": 0.0,
    "parallel": "off",
    "threads": 1,
}
PATIENCE = 5.0
"""Seconds for one program in whole numbers."""


@dataclass(frozen=True)
class Directions:
    """Directions in which cells can move: what is not 0 of each, one direction after another.

    Direction `direction[i]` moves `variable[i]` by `entry[i]`; the first of each is at `starts`.
    """

    direction: Ints
    variable: Ints
    entry: Floats
    starts: Ints

    @classmethod
    def of(cls, columns: Floats) -> Directions:
        """Take directions apart, shape (variables, directions)."""
        direction, variable = np.nonzero(columns.T)
        starts = np.flatnonzero(np.diff(direction, prepend=-1))
        number = np.cumsum(np.diff(direction, prepend=-1) > 0) - 1
        return cls(number, variable, columns[variable, direction], starts)


class Program:
    """The hidden cells as `base + kernel @ t`, with bounds; right side and bounds can change.

    There are far fewer directions than cells or equations, so what is solved is the dual program,
    with one row per direction: the least `cost @ x` is the most that multipliers `up` and `down` of
    the bounds give if `kernel.T @ (up - down) = kernel.T @ cost`. Its own multipliers are t. Two
    more multipliers per cell, of at most 1, stand for bounds that may be broken at a price; they
    are the bounds that may not, unless `reach` asks for others.
    """

    def __init__(self, structure: Structure) -> None:
        self.structure, self.kernel = structure, Kernel(structure)
        self.solved = 0
        self.posed_by: object = None
        size, directions = self.kernel.columns.shape
        self.base, self.low, self.high = np.zeros(size), np.zeros(size), np.zeros(size)
        self._cols = np.arange(4 * size, dtype=np.int32)
        self._rows = np.arange(directions, dtype=np.int32)
        self._highs: Any = _dual(self.kernel.columns) if directions else None

    @cached_property
    def whole_directions(self) -> Directions:
        """Those of the kernel that move cells by whole numbers."""
        columns = self.kernel.columns
        return Directions.of(columns[:, (columns == np.round(columns)).all(axis=0)])

    def pose(self, right: Floats, low: Floats, high: Floats) -> None:
        """Set the right side and the bounds for the programs that follow.

        Programs are shared; `posed_by` is for users to note whose bounds are set.

        Raises:
            ContradictionError: the equations have no solution.

        """
        self.base, self.low, self.high = self.kernel.particular(right), low, high
        if self._highs is not None:
            costs = np.tile(np.concatenate([self.base - low, high - self.base]), 2)
            self._highs.changeColsCost(len(self._cols), self._cols, costs)

    def reach(self, lower: Floats, upper: Floats) -> Floats:
        """Return a solution that is at least `lower` and at most `upper` where it can be.

        What it is off is as little as possible, added up over the cells; NaN asks for nothing.

        Raises:
            ContradictionError: there is no solution.

        """
        none = np.zeros(len(lower))
        if self._highs is None:
            return self.minimise(none)[0]
        asked = self.base - lower, upper - self.base
        hard = np.concatenate([self.base - self.low, self.high - self.base])
        soft = self._cols[2 * len(lower) :]
        wishes = np.concatenate(asked)
        self._highs.changeColsCost(len(soft), soft, np.where(np.isnan(wishes), hard, wishes))
        values = self.minimise(none)[0]
        self._highs.changeColsCost(len(soft), soft, hard)
        return values

    def minimise(self, cost: Floats) -> tuple[Floats, float]:
        """Return a solution with the least `cost @ x`, and that cost.

        Raises:
            ContradictionError: there is no solution.

        """
        self.solved += 1
        if self._highs is None:
            if not self._fits(self.base):
                raise ContradictionError
            return self.base, float(cost @ self.base)
        sides = cost @ self.kernel.columns
        self._highs.changeRowsBounds(len(self._rows), self._rows, sides, sides)
        values = self._run()
        if values is None:  # a stale basis may mislead the solver
            self._highs.clearSolver()
            values = self._run()
        if values is None:
            raise ContradictionError
        return values, float(cost @ values)

    def _run(self) -> Floats | None:
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = self.base - self.kernel.columns @ np.array(self._highs.getSolution().row_dual)
        return values if self._fits(values) else None

    def _fits(self, values: Floats) -> bool:
        """Whether a solution keeps its bounds; from a stale basis it sometimes does not."""
        return bool((values >= self.low - MISFIT).all() and (values <= self.high + MISFIT).all())

    def duals(self, cost: Floats) -> tuple[Floats, Floats]:
        """Multipliers of the equations and of the bounds in the last solution, for its cost."""
        bounds = np.zeros(len(self.base))
        if self._highs is not None:
            up, down = np.array(self._highs.getSolution().col_value).reshape(2, 2, -1).sum(axis=0)
            bounds = up - down
        return self.kernel.multipliers(cost - bounds), bounds

    def minimise_whole(self, variable: int, direction: float, part: Flags) -> Floats | None:
        """Return a solution in whole numbers with the least `direction * x[variable]`.

        `part` are the variables that may be free, connected to no other; those others are left as
        they are in `base`. None if time ran out.
        """
        self.solved += 1
        inside = np.flatnonzero(part)
        columns = self.kernel.columns[inside]
        use = np.flatnonzero(np.abs(columns).max(axis=0, initial=0.0) > 0)
        cost = np.zeros(len(inside) + len(use))
        cost[np.searchsorted(inside, variable)] = direction
        tied = np.hstack([np.eye(len(inside)), -columns[:, use]])
        base = self.base[inside]
        low, high = (np.full(len(cost), end) for end in (-np.inf, np.inf))
        low[: len(inside)], high[: len(inside)] = self.low[inside], self.high[inside]
        whole = np.arange(len(cost)) < len(inside)
        limits = low, high
        found = least(
            cost, tied, columns=limits, rows=(base, base), whole=whole, seconds=PATIENCE
        ).point
        if found is None:
            return None
        values = np.full(len(part), np.nan)
        values[inside] = np.round(found[: len(inside)])
        return values


def _dual(kernel: Floats) -> Any:  # noqa: ANN401
    """Return a solver with a row per direction, and four columns per cell."""
    size, directions = kernel.shape
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = 4 * size, directions
    model.col_cost_ = model.col_lower_ = np.zeros(4 * size)
    model.col_upper_ = np.repeat([highspy.kHighsInf, 1.0], 2 * size)
    model.row_lower_ = model.row_upper_ = np.zeros(directions)
    entries(model, np.concatenate([kernel, -kernel, kernel, -kernel]).T)
    highs = Quiet()
    for name, value in OPTIONS.items():
        highs.setOptionValue(name, value)
    highs.passModel(model)
    return highs


ROUNDS = 8
HALF = 0.5
ROOM = 0.02
"""Share of its range that a cell should be away from its bounds in the first solution."""
WIDE = 1e4
"""Room that counts as unlimited."""
STALLED = 0.1  # share of what is open that a round must settle for another to be worth while


@dataclass(frozen=True)
class Aims:
    """What must be known of each variable.

    A bound matters down to `low` and up to `high`: a value seen that is as far away ends the
    search (infinite: until it is proven; the other infinity: not at all). `differ` asks for two
    different values, or the proof that there is one only.
    """

    low: Floats
    high: Floats
    differ: Flags

    @classmethod
    def none(cls, size: int) -> Aims:
        """Ask for nothing."""
        return cls(np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size, dtype=bool))

    @classmethod
    def everything(cls, size: int) -> Aims:
        """Ask for both bounds of everything."""
        return cls(np.full(size, -np.inf), np.full(size, np.inf), np.ones(size, dtype=bool))


class Explorer:
    """Bounds of the variables of one table; `low` and `high` hold for every solution.

    `seen_low` and `seen_high` are reached by solutions, so the true bounds lie between. `undecided`
    counts programs in whole numbers that took too long.
    """

    def __init__(
        self, program: Program, right: Floats, low: Floats, high: Floats, *, whole: bool
    ) -> None:
        self.program, self.right, self.whole = program, right, whole
        size = len(low)
        self.start = low.copy(), high.copy()
        self._pose()
        given = ~program.kernel.columns.any(axis=1)
        values = program.base.round() if whole else program.base
        self.low, self.high = np.where(given, values, low), np.where(given, values, high)
        self.seen_low, self.seen_high = np.full(size, np.inf), np.full(size, -np.inf)
        self.solved_low, self.solved_high = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
        self.undecided = 0
        self.parts = connected(program.structure, self.high - self.low > CLOSE)
        fixed = self.parts < 0
        self.seen_low[fixed], self.seen_high[fixed] = self.low[fixed], self.high[fixed]
        self._random = np.random.default_rng(20)
        self._sum, self._solutions = np.zeros(size), 0
        self._last: Floats | None = None
        if (~fixed).any():
            self._step = np.ones(size) if whole else np.minimum(1.0, ROOM * (high - low))
            self._reach(low + self._step, np.full(size, np.nan))

    @property
    def exact(self) -> Flags:
        """Variables with one possible value."""
        return self.high - self.low <= CLOSE * (1.0 + np.abs(self.low))

    def reported(self) -> tuple[Floats, Floats]:
        """Bounds where they are proven, else how far solutions reached."""
        low, high = self.proven()
        return np.where(low, self.low, self.seen_low), np.where(high, self.high, self.seen_high)

    def proven(self) -> tuple[Flags, Flags]:
        """Whether the lower and the upper bound of each variable is the attacker's best."""
        fixed = self.parts < 0
        low = fixed | self.solved_low | (self.seen_low <= self.low + CLOSE)
        return low, fixed | self.solved_high | (self.seen_high >= self.high - CLOSE)

    def settle(self, aims: Aims) -> None:
        """Solve programs until all aims are met or proven out of reach."""
        before = None
        for _ in range(ROUNDS):
            self._spread(np.flatnonzero(np.logical_or(*self._open(aims))))
            down, up = self._open(aims)
            count = int(down.sum() + up.sum())
            if count == 0 or (before is not None and count > (1 - STALLED) * before):
                break
            before = count
            rising = up & (~down | (self._random.random(len(up)) < HALF))
            further = np.maximum(aims.high, self.seen_high + self._step)
            nearer = np.minimum(aims.low, self.seen_low - self._step)
            self._reach(
                np.where(rising, np.minimum(further, self.start[1]), np.nan),
                np.where(down & ~rising, np.maximum(nearer, self.start[0]), np.nan),
            )
        self._one_by_one(aims)

    def _open(self, aims: Aims) -> tuple[Flags, Flags]:
        """Variables whose lower, and whose upper bound still matters."""
        free = self.parts >= 0
        room = CLOSE * (1.0 + np.abs(self.seen_low))
        differ = aims.differ & (self.seen_high - self.seen_low <= room)
        down = (self.seen_low > aims.low + CLOSE) | differ
        up = (self.seen_high < aims.high - CLOSE) | differ
        down &= free & ~self.solved_low & (self.seen_low > self.low + CLOSE)
        up &= free & ~self.solved_high & (self.seen_high < self.high - CLOSE)
        return down, up

    def _one_by_one(self, aims: Aims) -> None:
        while True:
            down, up = self._open(aims)
            if not (down.any() or up.any()):
                return
            chosen = np.flatnonzero(down | up)
            _, first = np.unique(self.parts[chosen], return_index=True)
            chosen = chosen[first]
            sign = np.where(up[chosen], -1.0, 1.0)
            cost = np.zeros(len(down))
            cost[chosen] = sign
            values = self._run(cost)
            for variable, direction in zip(chosen, sign, strict=True):
                self._conclude(int(variable), direction, float(values[variable]))

    def _conclude(self, variable: int, direction: float, value: float) -> None:
        """Take the best value of a program as the bound; in whole numbers, round it inwards."""
        if self.whole:
            nearest = round(value)
            if abs(value - nearest) > CLOSE * 10:
                value = self._whole(variable, direction, value)
            else:
                value = nearest
        if direction > 0:
            self.low[variable] = max(self.low[variable], min(value, self.high[variable]))
            self.seen_low[variable] = min(self.seen_low[variable], value)
            self.solved_low[variable] = True
        else:
            self.high[variable] = min(self.high[variable], max(value, self.low[variable]))
            self.seen_high[variable] = max(self.seen_high[variable], value)
            self.solved_high[variable] = True

    def _whole(self, variable: int, direction: float, value: float) -> float:
        part = self.parts == self.parts[variable]
        found = self.program.minimise_whole(variable, direction, part)
        if found is None:
            self.undecided += 1
            return float(np.ceil(value) if direction > 0 else np.floor(value))
        self._see(found)
        return float(found[variable])

    def _run(self, cost: Floats) -> Floats:
        self._pose()
        values, _ = self.program.minimise(cost)
        self._see(values)
        return values

    def _reach(self, lower: Floats, upper: Floats) -> None:
        self._pose()
        self._see(self.program.reach(lower, upper))

    def _pose(self) -> None:
        if self.program.posed_by is not self:
            self.program.pose(self.right, *self.start)
            self.program.posed_by = self

    def _spread(self, wanted: Ints) -> None:
        """Go from a solution inside the bounds as far as possible in the directions of some cells.

        In whole numbers, the directions are those of the kernel, in whole steps.
        """
        kernel = self.program.kernel.columns
        if not len(wanted) or kernel.shape[1] == 0:
            return
        if self.whole:
            if self._last is not None:
                self._walk(self._last, self.program.whole_directions)
            return
        mean = self._sum / self._solutions
        room = np.minimum(mean - self.start[0], self.start[1] - mean)
        self._walk(mean, Directions.of(_steepest(kernel, room, wanted)))

    def _walk(self, start: Floats, along: Directions) -> None:
        """See how far each direction can be followed, forth and back."""
        if not len(along.starts):
            return
        at, size = along.variable, np.abs(along.entry)
        above, below = (self.start[1] - start)[at] / size, (start - self.start[0])[at] / size
        rises = along.entry > 0
        for room, sign in (
            (np.where(rises, above, below), 1.0),
            (np.where(rises, below, above), -1.0),
        ):
            steps = np.minimum.reduceat(room, along.starts)
            steps = np.where(np.isfinite(steps), steps, 0.0)
            if self.whole:
                steps = np.trunc(steps + CLOSE)
            reached = start[at] + sign * steps[along.direction] * along.entry
            np.minimum.at(self.seen_low, at, reached)
            np.maximum.at(self.seen_high, at, reached)

    def _see(self, values: Floats) -> None:
        """Note a solution, but in whole numbers only the parts of it that are whole."""
        good = (self.parts >= 0) & ~np.isnan(values)
        self._sum, self._solutions = self._sum + values, self._solutions + 1
        if self.whole:
            broken: Ints = self.parts[good & (np.abs(values - np.round(values)) > CLOSE * 10)]
            if len(broken):
                good &= ~np.isin(self.parts, broken)
            values = np.round(values)
            if not len(broken) and not np.isnan(values).any():
                self._last = values
        self.seen_low[good] = np.minimum(self.seen_low[good], values[good])
        self.seen_high[good] = np.maximum(self.seen_high[good], values[good])


def _steepest(kernel: Floats, room: Floats, wanted: Ints) -> Floats:
    """Return for each wanted cell the direction in which it changes most, as columns.

    Distances count by the room there is (the affine scaling of Dikin); cells without any stay.
    """
    stuck = room <= CLOSE
    scaled = kernel[~stuck] / np.minimum(room[~stuck], WIDE)[:, None]
    metric = scaled.T @ scaled
    free = np.eye(len(metric))
    if stuck.any():
        values, vectors = np.linalg.eigh(kernel[stuck].T @ kernel[stuck])
        free = vectors[:, values < CLOSE * (1 + values[-1])]
        if not free.shape[1]:
            return np.zeros((len(kernel), 0))
    inner = free.T @ metric @ free
    inner += CLOSE * CLOSE * np.trace(inner) * np.eye(len(inner))
    moved: Floats = kernel @ (free @ np.linalg.solve(inner, free.T @ kernel[wanted].T))
    moved[np.abs(moved) < CLOSE * np.abs(moved).max(axis=0, initial=0.0)] = 0.0
    moved[stuck] = 0.0
    return moved
