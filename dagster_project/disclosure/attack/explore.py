"""How far a table of hidden figures can move, by as few programs as possible.

Belongs here: linear programs over the equations of one measure (HiGHS), and bounds of every variable
of one table. Does not belong here: what tables mean.

Each solution of a program is a table that fits everything published. Two solutions that differ in
a cell show that it does not follow exactly, and the spread of all solutions seen is an interval
that the attacker's contains. So programs with an aim for many cells at once come first; what is
still open then is solved for, one cell in each connected part of the table at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from dagster_project.disclosure.attack.layout import CLOSE, Flags, Floats, Ints
from dagster_project.disclosure.attack.tables import ContradictionError, Structure, connected

OPTIONS = {
    "output_flag": False,
    "presolve": "off",
    "solver": "simplex",
    "simplex_strategy": 4,  # primal: the last solution stays feasible when only the aim changes
    "parallel": "off",
    "threads": 1,
}
MISFIT = 1e-5  # more than this is no rounding
PATIENCE = 5.0  # seconds for one program in whole numbers


class _Quiet(highspy.Highs):
    """A solver that does not print its banner, which it does when callbacks are enabled."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def enableCallbacks(self) -> None:  # noqa: N802
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class Program:
    """The equations as a program; bounds and right side can change, the last basis is kept."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.solved = 0
        self.posed_by: object = None
        none = np.zeros(structure.rows), np.zeros(structure.variables)
        self._posed = (none[0], none[0], none[1], none[1])
        self._cols = np.arange(structure.variables, dtype=np.int32)
        self._rows = np.arange(structure.rows, dtype=np.int32)
        size = structure.variables, structure.rows
        self._highs = _new(structure, np.zeros(size[0]), np.zeros(size[0]), np.zeros(size[1]))

    def pose(self, right: Floats, low: Floats, high: Floats) -> None:
        """Set the right side and the bounds for the programs that follow.

        Programs are shared; `posed_by` is for users to note whose bounds are set.
        """
        empty = self.structure.empty
        lower = np.where(empty, -highspy.kHighsInf, right)
        upper = np.where(empty, highspy.kHighsInf, right)
        self._posed = (lower, upper, low, high)
        self._highs.changeRowsBounds(len(self._rows), self._rows, lower, upper)
        self._highs.changeColsBounds(len(self._cols), self._cols, low, high)

    def minimise(self, cost: Floats) -> tuple[Floats, float]:
        """Return a solution with the least `cost @ x`, and that cost.

        Raises:
            ContradictionError: there is no solution.

        """
        self.solved += 1
        self._highs.changeColsCost(len(self._cols), self._cols, cost)
        self._highs.run()
        status = self._highs.getModelStatus()
        values = np.array(self._highs.getSolution().col_value)
        if status != highspy.HighsModelStatus.kOptimal or not self._fits(values):
            status = self._afresh()
            values = np.array(self._highs.getSolution().col_value)
        if status != highspy.HighsModelStatus.kOptimal or not self._fits(values):
            raise ContradictionError
        return values, self._highs.getObjectiveValue()

    def _fits(self, values: Floats) -> bool:
        """Whether a solution keeps what was posed; from a stale basis it sometimes does not."""
        s = self.structure
        lower, upper, low, high = self._posed
        sums = np.bincount(s.row, s.coef * values[s.col], minlength=s.rows)
        room = MISFIT * (1.0 + np.abs(np.where(np.isfinite(lower), lower, 0.0)))
        rows = (sums >= lower - room) & (sums <= upper + room)
        return bool(
            rows.all() and (values >= low - MISFIT).all() and (values <= high + MISFIT).all()
        )

    def _afresh(self) -> highspy.HighsModelStatus:
        """Solve once more from nothing: a stale basis may mislead the solver."""
        self._highs.clearSolver()
        self._highs.run()
        status: highspy.HighsModelStatus = self._highs.getModelStatus()
        return status

    def duals(self) -> tuple[Floats, Floats]:
        """Multipliers of the rows and of the bounds in the last solution."""
        solution = self._highs.getSolution()
        return np.array(solution.row_dual), np.array(solution.col_dual)

    def minimise_whole(
        self, cost: Floats, part: Flags, right: Floats, low: Floats, high: Floats
    ) -> tuple[Floats, float] | None:
        """As `minimise`, in whole numbers and over the variables of `part` only.

        `part` must be connected to nothing else that is free. None if time ran out.
        """
        self.solved += 1
        fixed = np.where(part, 0.0, np.clip(low, None, high))
        s = self.structure
        rest = right - np.bincount(s.row, s.coef * fixed[s.col], minlength=s.rows)
        highs = _new(s, np.where(part, low, 0.0), np.where(part, high, 0.0), rest, part)
        highs.setOptionValue("time_limit", PATIENCE)
        highs.changeColsCost(len(self._cols), self._cols, cost)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(highs.getSolution().col_value), highs.getObjectiveValue()


def _new(
    structure: Structure, low: Floats, high: Floats, right: Floats, part: Flags | None = None
) -> Any:  # noqa: ANN401
    """Return a solver with the rows of the structure; rows that leave `part` out do not bind."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = structure.variables, structure.rows
    model.col_cost_ = np.zeros(structure.variables)
    model.col_lower_, model.col_upper_ = low, high
    free = structure.empty.copy()
    if part is not None:
        free |= np.bincount(structure.row, part[structure.col], minlength=structure.rows) == 0
    model.row_lower_ = np.where(free, -highspy.kHighsInf, right)
    model.row_upper_ = np.where(free, highspy.kHighsInf, right)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    starts: Ints = np.searchsorted(structure.row, np.arange(structure.rows + 1))
    model.a_matrix_.start_ = starts.astype(np.int32)
    model.a_matrix_.index_ = structure.col.astype(np.int32)
    model.a_matrix_.value_ = structure.coef
    if part is not None:
        whole = highspy.HighsVarType.kInteger
        model.integrality_ = [whole] * structure.variables
    highs: Any = _Quiet()
    for name, value in OPTIONS.items():
        if part is None or name not in ("presolve", "solver"):
            highs.setOptionValue(name, value)
    highs.passModel(model)
    return highs


ROUNDS = 8
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
        self.low, self.high = low.copy(), high.copy()
        self.start = low.copy(), high.copy()
        size = len(low)
        self.seen_low, self.seen_high = np.full(size, np.inf), np.full(size, -np.inf)
        self.solved_low, self.solved_high = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
        self.undecided = 0
        self.parts = connected(program.structure, high - low > CLOSE)
        fixed = self.parts < 0
        self.seen_low[fixed], self.seen_high[fixed] = low[fixed], high[fixed]
        self._random = np.random.default_rng(20)
        if (~fixed).any():
            self._run(np.zeros(size))

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
            down, up = self._open(aims)
            count = int(down.sum() + up.sum())
            if count == 0 or (before is not None and count > (1 - STALLED) * before):
                break
            before = count
            either = self._random.choice([1.0, -1.0], len(down))
            aim = np.where(down & up, either, down.astype(float) - up)
            self._run(aim * self._random.uniform(0.5, 1.0, len(down)))
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
        cost = np.zeros(len(self.low))
        cost[variable] = direction
        part = self.parts == self.parts[variable]
        found = self.program.minimise_whole(cost, part, self.right, *self.start)
        if found is None:
            self.undecided += 1
            return float(np.ceil(value) if direction > 0 else np.floor(value))
        self._see(np.where(part, found[0], np.nan))
        return float(round(found[0][variable]))

    def _run(self, cost: Floats) -> Floats:
        if self.program.posed_by is not self:
            self.program.pose(self.right, *self.start)
            self.program.posed_by = self
        values, _ = self.program.minimise(cost)
        self._see(values)
        return values

    def _see(self, values: Floats) -> None:
        """Note a solution, but in whole numbers only the parts of it that are whole."""
        good = (self.parts >= 0) & ~np.isnan(values)
        if self.whole:
            broken: Ints = self.parts[good & (np.abs(values - np.round(values)) > CLOSE * 10)]
            if len(broken):
                good &= ~np.isin(self.parts, broken)
            values = np.round(values)
        self.seen_low[good] = np.minimum(self.seen_low[good], values[good])
        self.seen_high[good] = np.maximum(self.seen_high[good], values[good])
