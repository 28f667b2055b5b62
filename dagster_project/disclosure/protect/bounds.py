"""Linear programming on one additive table: how far a hidden figure can be from the truth.

Belongs here: the tables that agree with everything published, moving a cell within them, the
cheapest cells to hide so that it can move further. Does not belong here: how far is far enough.

Whoever reads a release knows of the hidden cells what they add up to, and that they are at least
some `floor`.
The tables that satisfy this are a polytope around the true one. A hidden figure is safe if the
polytope holds tables in which it is far enough from the truth; each such table is a witness, and
one table witnesses for many cells. Where none exists, more cells have to give: the cheapest
perturbation of the whole table that moves the cell far enough names them, the heuristic of Kelly,
Golden and Assad, "Cell suppression: disclosure protection for sensitive tabular data", Networks 22
(1992), as solved in Fischetti and Salazar, "Solving the cell suppression problem on tabular data
with linear constraints", Management Science 47 (2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import highspy
import numpy as np
import scipy.sparse

from dagster_project.disclosure.protect.elimination import Equation
from dagster_project.disclosure.protect.programs import (
    entries,
    hidden_system,
    is_whole,
    make_solver,
    solve_whole,
)
from dagster_project.disclosure.protect.rules import SLACK, Flags, Floats, Ints

MOST_DIRECTIONS = 400
FREE = 1e-4
"""What moving a cell costs that is hidden anyway, beside 1 for one that would have to be."""


@dataclass(frozen=True)
class Tied:
    """Figures that those of a table depend on; they are numbered on behind its cells.

    `values` are the true ones, `floor` what each is known to be at least, `hidden` which can be
    unknown: they are once the cell is that they belong to (`cell`), shape (figures,). `equations`
    tie them to one another and to the cells.
    """

    values: Floats
    floor: Floats
    hidden: Flags
    cell: Ints
    equations: tuple[Equation, ...]


@dataclass(frozen=True)
class Component:
    """A table of figures that are never negative.

    `values` are the true figures, `floor` and `ceiling` what each is known to be at least (0 unless
    given) and at most, shape (cells,); `whole` says that they count people, so that only tables of
    whole numbers are believed; `tied` are other figures they depend on, which have to fit too.
    `mirrored`: the first of those go down by as much as the cells go up.
    """

    values: Floats
    whole: bool = True
    floor: Floats | None = None
    ceiling: Floats | None = None
    tied: Tied | None = None
    mirrored: bool = False

    @property
    def least(self) -> Floats:
        """What each figure is known to be at least, shape (cells,)."""
        return np.zeros(len(self.values)) if self.floor is None else self.floor

    @property
    def most(self) -> Floats:
        """What each figure is known to be at most, shape (cells,)."""
        if self.ceiling is None:
            return np.full(len(self.values), highspy.kHighsInf)
        return self.ceiling


def added_since(
    component: Component, pairs: Iterable[tuple[int, int]], decided: Flags
) -> Component:
    """Tie a table to its growth between vintages: a reader may believe that none was lost.

    Where some was lost the reader is wrong, and nothing true follows; so the growth of a cell is
    known to be at least 0, or what it is where that is less.

    Args:
        component: the table; all vintages are among its cells.
        pairs: positions of a cell after and before.
        decided: cells that are hidden for good, shape (cells,).

    """
    both = list(pairs)
    if not both:
        return component
    tied, size = component.tied, len(component.values)
    first = size + (0 if tied is None else len(tied.values))
    growth = np.array(
        [component.values[after] - component.values[before] for after, before in both]
    )
    cell = np.array([before if decided[before] else after for after, before in both])
    equations = tuple(
        Equation(after, (before, first + number)) for number, (after, before) in enumerate(both)
    )
    more = Tied(growth, np.minimum(growth, 0.0), np.ones(len(both), dtype=bool), cell, equations)
    if tied is not None:
        more = Tied(
            np.concatenate([tied.values, more.values]),
            np.concatenate([tied.floor, more.floor]),
            np.concatenate([tied.hidden, more.hidden]),
            np.concatenate([tied.cell, more.cell]),
            (*tied.equations, *more.equations),
        )
    return replace(component, tied=more)


@dataclass(frozen=True)
class _Table:
    """A component with what it is tied to: all figures, shape (cells and figures,)."""

    values: Floats
    least: Floats
    most: Floats
    hidden: Flags
    equations: Sequence[Equation]

    @classmethod
    def of(
        cls,
        component: Component,
        equations: Sequence[Equation],
        hidden: Flags,
        *,
        costs: Floats | None = None,
    ) -> _Table:
        """Put them one behind the other; with `costs`, every cell with a price may move."""
        least, most, tied = component.least, component.most, component.tied
        if tied is None:
            return cls(component.values, least, most, hidden, equations)
        movable = hidden if costs is None else hidden | np.isfinite(costs)
        return cls(
            np.concatenate([component.values, tied.values]),
            np.concatenate([least, tied.floor]),
            np.concatenate([most, np.full(len(tied.values), highspy.kHighsInf)]),
            np.concatenate([hidden, tied.hidden & movable[tied.cell]]),
            (*equations, *tied.equations),
        )


class Directions:
    """Ways in which hidden cells can change together, found once and tried on every table.

    Whatever agrees with what is published differs from the truth along some direction. One that
    moves nothing published can be tried on any table that adds up the same way, as far as its
    figures allow: that takes no program.
    """

    def __init__(self, size: int) -> None:
        """Know none yet; `size` is the number of cells."""
        self._known: dict[bytes, Floats] = {}
        self._rows = np.empty((0, size))

    @property
    def rows(self) -> Floats:
        """All of them, shape (directions, cells), in steps of whole numbers."""
        if len(self._rows) < len(self._known):
            self._rows = np.array(list(self._known.values()))
        return self._rows

    def learn(self, change: Floats) -> None:
        """Note a change of whole numbers, shape (cells,), if it is new and there is room."""
        steps = np.round(change).astype(np.int64)
        if len(self._known) >= MOST_DIRECTIONS or np.abs(change - steps).max() > SLACK:
            return
        divisor = np.gcd.reduce(np.abs(steps))
        if divisor > 0:
            steps //= divisor
            self._known.setdefault(steps.tobytes(), steps.astype(float))


class Polytope:
    """The tables that agree with what is published, explored one witness at a time.

    `least` and `most` are the smallest and largest values that witnesses had so far; published
    cells stay at their true value. `witnesses` are those that widened them. These have shape
    (cells,), and go on with what the component is tied to.
    """

    def __init__(self, component: Component, equations: Sequence[Equation], hidden: Flags) -> None:
        """Build the polytope around the true table.

        Args:
            component: the true table, and what is known of each figure beforehand.
            equations: how its figures add up.
            hidden: which of them are not published, shape (cells,).

        """
        self._table = _Table.of(component, equations, hidden)
        self.values = self._table.values
        self.hidden = hidden
        self.least = self.values.copy()
        self.most = self.values.copy()
        self.witnesses: list[Floats] = []
        self.programs = 0
        self._component = component
        self._columns = np.flatnonzero(self._table.hidden)
        self._place = np.full(len(self.values), -1)
        self._place[self._columns] = np.arange(len(self._columns))
        self._solver: highspy.Highs | None = None

    def explore(self, directions: Directions) -> None:
        """Go as far as figures allow along each direction that moves nothing published."""
        tied = self._component.tied
        if not len(directions.rows) or (tied is not None and not self._component.mirrored):
            return
        count = len(self.hidden)
        moves = directions.rows[~directions.rows[:, ~self.hidden].any(axis=1)]
        if tied is not None:
            mirror = np.where(tied.hidden[:count], -moves, 0.0)
            moves = np.concatenate([moves, mirror, np.zeros_like(moves)], axis=1)
        used = self._columns
        moves = moves[moves[:, used].any(axis=1)][:, used]
        if not len(moves):
            return
        moves = np.concatenate([moves, -moves])
        lower, upper = self._limits(used)
        room_up, room_down = upper - self.values[used], self.values[used] - lower
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(moves > 0, room_up / moves, np.inf)
            steps = np.where(moves < 0, room_down / -moves, steps).min(axis=1)
        steps = np.minimum(steps, 1.0 + self.values.max(initial=0.0))
        if self._component.whole:
            steps = np.floor(steps + SLACK)
        reached = moves * steps[:, None]
        best = {*reached.argmax(axis=0).tolist(), *reached.argmin(axis=0).tolist()}
        for number in sorted(best):
            if steps[number] > SLACK:
                table = self.values.copy()
                table[used] += reached[number]
                self._note(table)

    def adopt(self, witnesses: Sequence[Floats]) -> None:
        """Take over witnesses that move nothing that is published here."""
        shown = ~self._table.hidden
        for table in witnesses:
            if (np.abs(table - self.values)[shown] <= SLACK).all():
                self._note(table)

    def pursue(self, cells: Iterable[int], goals: Floats) -> list[int]:
        """Look for witnesses in which each cell is at its goal or beyond.

        Args:
            cells: hidden cells that should move, all upwards or all downwards.
            goals: where to, shape (all cells,).

        Returns:
            The cells for which there is no such witness.

        """
        left = [cell for cell in cells if not self._reached(cell, goals)]
        while len(left) > 1:  # together first: one program often serves them all
            self._solve(left, goals)
            still = [cell for cell in left if not self._reached(cell, goals)]
            if len(still) == len(left):
                break
            left = still
        failed = []
        for cell in left:
            if not self._reached(cell, goals):
                self._solve([cell], goals)
            if not self._reached(cell, goals):
                failed.append(cell)
        return failed

    def has_room(self, most: Floats) -> bool:
        """Whether some table is nowhere above `most`, shape (cells,)."""
        columns = self._columns
        tied = len(self.values) - len(most)
        most = np.concatenate([most, np.full(tied, highspy.kHighsInf)])
        if (self.values > most + SLACK)[~self._table.hidden].any():
            return False
        solver, every = self._model(), np.arange(len(columns), dtype=np.int32)
        lower, upper = self._limits(columns)
        solver.changeColsBounds(len(every), every, lower, np.minimum(upper, most[columns]))
        self.programs += 1
        solver.run()
        possible = bool(solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)
        if possible and self._component.whole:
            point = np.asarray(solver.getSolution().col_value)
            if not is_whole(point):
                self.programs += 1
                possible = solve_whole(solver, len(every)) is not None
        solver.changeColsBounds(len(every), every, lower, upper)
        return possible

    def limit(self, cell: int, *, upwards: bool) -> float:
        """Bound what a hidden cell can be, from above or from below; infinite if nothing does."""
        solver, column = self._model(), int(self._place[cell])
        solver.changeColCost(column, -1.0 if upwards else 1.0)
        self.programs += 1
        solver.run()
        solved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        far = float(np.asarray(solver.getSolution().col_value)[column])
        solver.changeColCost(column, 0.0)
        if not solved:
            return np.inf if upwards else -np.inf
        if not self._component.whole:
            return far
        return float(np.floor(far + SLACK) if upwards else np.ceil(far - SLACK))

    def _reached(self, cell: int, goals: Floats) -> bool:
        if goals[cell] >= self.values[cell]:
            return bool(self.most[cell] >= goals[cell] - SLACK)
        return bool(self.least[cell] <= goals[cell] + SLACK)

    def _solve(self, cells: Sequence[int], goals: Floats) -> None:
        """Move the cells as far towards their goals as they go together; keep the witness."""
        solver = self._model()
        columns = self._place[list(cells)].astype(np.int32)
        wanted = goals[list(cells)]
        upwards = wanted >= self.values[list(cells)]
        lower, upper = self._limits(np.asarray(list(cells)))
        solver.changeColsBounds(
            len(columns),
            columns,
            np.where(upwards, lower, np.maximum(lower, wanted)),
            np.where(upwards, np.minimum(upper, wanted), upper),
        )
        cost = np.where(upwards, -1.0, 1.0)
        solver.changeColsCost(len(columns), columns, cost)
        self.programs += 1
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            point = np.asarray(solver.getSolution().col_value)
            together = len(cells) > 1 and self._component.tied is None
            if self._component.whole and together and not is_whole(point):
                self.programs += 1
                whole = solve_whole(solver, len(self._columns))
                point = point if whole is None else whole
            self._keep(point)
            if len(cells) == 1 and not self._reached(cells[0], goals):
                self._look_for_whole(solver, cells[0], float(wanted[0]))
        solver.changeColsCost(len(columns), columns, np.zeros(len(columns)))
        solver.changeColsBounds(len(columns), columns, lower, upper)

    def _look_for_whole(self, solver: highspy.Highs, cell: int, goal: float) -> None:
        """Look for a witness of whole numbers where one of fractions reached the goal."""
        column = int(self._place[cell])
        point = np.asarray(solver.getSolution().col_value)
        upwards = goal >= self.values[cell]
        short = goal - point[column] if upwards else point[column] - goal
        if not self._component.whole or short > SLACK:
            return
        lower, upper = self._limits(np.array([cell]))
        if upwards:  # the next whole number may lie beyond the goal
            solver.changeColBounds(column, goal, min(upper[0], goal + len(self.values)))
        else:
            solver.changeColBounds(column, lower[0], goal)
        solver.changeColCost(column, 0.0)
        self.programs += 1
        whole = solve_whole(solver, len(self._columns))
        if whole is not None:
            self._keep(whole)

    def _limits(self, cells: Ints) -> tuple[Floats, Floats]:
        values, known = self.values[cells], self._table
        return np.minimum(values, known.least[cells]), np.maximum(values, known.most[cells])

    def _keep(self, point: Floats) -> None:
        if self._component.whole:
            if not is_whole(point):
                return
            point = np.round(point)
        table = self.values.copy()
        table[self._columns] = point
        self._note(table)

    def _note(self, table: Floats) -> None:
        if (table < self.least - SLACK).any() or (table > self.most + SLACK).any():
            self.witnesses.append(table)
        np.minimum(self.least, table, out=self.least)
        np.maximum(self.most, table, out=self.most)

    def _model(self) -> highspy.Highs:
        if self._solver is None:
            signs, sums = hidden_system(self._table.equations, self.values, self._place)
            lower, upper = self._limits(self._columns)
            costs = np.zeros(len(self._columns))
            self._solver = make_solver(costs, lower, upper, signs, sums)
        return self._solver


def cheapest_move(
    component: Component,
    equations: Sequence[Equation],
    hidden: Flags,
    *,
    costs: Floats,
    aim: tuple[int, float] | None = None,
) -> tuple[float, Ints] | None:
    """Find the published cells that are cheapest to hide so that a table of a kind is possible.

    Args:
        component: the true table, and what each figure must be at least and at most; the truth may
            lie outside.
        equations: how its figures add up.
        hidden: which are hidden already and may move freely, shape (cells,).
        costs: what hiding costs per cell, shape (cells,); infinite where it is impossible.
        aim: a cell and the value it must have.

    Returns:
        The cost and the cells to hide, none if there is such a table already; None if there is no
        such table whatever is hidden.

    """
    table = _Table.of(component, equations, hidden, costs=costs)
    values, hidden, size = table.values, table.hidden, len(table.values)
    costs = np.concatenate([costs, np.full(size - len(costs), np.inf)])
    movable = np.isfinite(costs) | hidden
    move = np.concatenate([table.most - values, values - table.least])
    upper = np.where(np.tile(movable, 2), np.maximum(move, 0.0), 0.0)
    # what lies outside has to move the other way by as much
    lower = np.roll(np.where(-move > SLACK, -move, 0.0), size)
    if aim is not None:
        cell, goal = aim
        step = goal - values[cell]
        towards, away = (cell, size + cell) if step > 0 else (size + cell, cell)
        lower[towards] = upper[towards] = abs(step)
        upper[away] = 0.0
    if (lower > upper + SLACK).any():
        return None
    price = np.where(hidden, FREE, np.where(np.isfinite(costs), costs, 0.0))
    rows, columns, signs = entries(table.equations)
    both = scipy.sparse.csc_matrix(
        (
            np.concatenate([signs, -signs]),
            (np.concatenate([rows, rows]), np.concatenate([columns, columns + size])),
        ),
        shape=(len(table.equations), 2 * size),
    )
    solver = make_solver(
        np.concatenate([price, price]), lower, upper, both, np.zeros(len(table.equations))
    )
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    point = np.asarray(solver.getSolution().col_value)
    if component.whole and not is_whole(point):
        whole = solve_whole(solver, 2 * size)
        point = point if whole is None else whole
    used = (point[:size] + point[size:] > SLACK) & ~hidden
    return float(costs[used].sum()), np.flatnonzero(used)
