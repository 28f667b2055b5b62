"""How far a hidden figure can be from the truth: the tables that agree with what is published.

Belongs here: moving cells within those tables. Does not belong here: how far is far enough
(respondents, figures), hiding more cells so that they can move further (repairs).

A reader of a release knows what the hidden cells add up to, and that they are at least
some `floor`. The tables that satisfy this are a polytope around the true one. A hidden figure is
safe if the polytope holds tables in which it is far enough from the truth; each such table is a
witness, and one table witnesses for many cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dagster_project.disclosure.protect.blocks import Equations, Flags, Floats, Ints
from dagster_project.disclosure.protect.changes import Changes
from dagster_project.disclosure.protect.elimination import Tableau
from dagster_project.disclosure.protect.programs import Program, is_whole
from dagster_project.disclosure.protect.rules import SLACK

CORNERS = 3
"""Corners that are tried before whole numbers are searched."""


@dataclass(frozen=True)
class Space:
    """All changes to the hidden figures of a table that keep everything published.

    Every such change is a combination of those in `basis`. `others` are more of them, along which
    it is worth going as well.
    """

    basis: Changes
    others: Changes | None = None

    @property
    def changes(self) -> Changes:
        """All that are at hand."""
        return self.basis if self.others is None else self.basis.and_then(self.others)


class Tied(Protocol):
    """Figures that those of a table depend on; they are numbered on behind its cells.

    `values` are the true ones, `floor` what each is known to be at least, `hidden` which can be
    unknown: they are once the cell is that they belong to (`cell`), shape (figures,). `equations`
    tie them to one another and to the cells.
    """

    @property
    def values(self) -> Floats: ...  # noqa: D102
    @property
    def floor(self) -> Floats: ...  # noqa: D102
    @property
    def hidden(self) -> Flags: ...  # noqa: D102
    @property
    def cell(self) -> Ints: ...  # noqa: D102
    @property
    def equations(self) -> Equations: ...  # noqa: D102

    def space(self, tableau: Tableau, alone: Space) -> Space:
        """Return the changes that keep what is published, if `alone` are those of the table."""


@dataclass(frozen=True)
class Component:
    """A table of figures that are never negative.

    `values` are the true figures, `floor` and `ceiling` what each is known to be at least (0 unless
    given) and at most, shape (cells,); `whole` says that they count people, so that only tables of
    whole numbers are believed; `tied` are other figures they depend on, which have to fit too.
    `reach`, shape (cells,), is how far each has to move, if a small step is better than a large.
    """

    values: Floats
    whole: bool = True
    floor: Floats | None = None
    ceiling: Floats | None = None
    tied: Tied | None = None
    reach: Floats | None = None

    @property
    def least(self) -> Floats:
        """What each figure is known to be at least, shape (cells,)."""
        return np.zeros(len(self.values)) if self.floor is None else self.floor

    @property
    def most(self) -> Floats:
        """What each figure is known to be at most, shape (cells,)."""
        if self.ceiling is None:
            return np.full(len(self.values), np.inf)
        return self.ceiling


@dataclass
class _Shared:
    """A program; `owner` is the polytope whose limits it has now."""

    program: Program
    owner: object


class Polytope:
    """The tables that agree with what is published, explored one witness at a time.

    `least` and `most` are the smallest and largest values that witnesses had so far; published
    cells stay at their true value. `witnesses` are tables found by programs that widened them.
    These have shape (cells,), and go on with what the component is tied to.
    """

    def __init__(self, component: Component, hidden: Flags, space: Space) -> None:
        """Build the polytope around the true table.

        Args:
            component: the true table, and what is known of each figure beforehand.
            hidden: which of its cells are not published, shape (cells,).
            space: the changes to its figures that keep everything published.

        """
        values, least, most = component.values, component.least, component.most
        if component.tied is not None:
            tied = component.tied
            values = np.concatenate([values, tied.values])
            least = np.concatenate([least, tied.floor])
            most = np.concatenate([most, np.full(len(tied.values), np.inf)])
        self.values, self.hidden = values, hidden
        self.witnesses: list[Floats] = []
        self.programs = 0
        self._component, self._space = component, space
        # the truth may lie outside its bounds, which makes the way back impossible as well
        self._down, self._up = np.maximum(values - least, 0.0), np.maximum(most - values, 0.0)
        self._shared: _Shared | None = None
        self._hopeless: set[tuple[int, float]] = set()
        changes, reach = space.changes, component.reach
        self._steps = changes.steps(self._down, self._up, reach, whole=component.whole)
        lower, higher = changes.reached(self._steps, len(values))
        self.least, self.most = values + lower, values + higher

    def after(self, hidden: Flags, space: Space) -> Polytope:
        """Build the polytope of the same component when other cells are hidden.

        Witnesses that do not move a cell that is published now are still ones, and where nothing
        more is hidden so is a program in which figures that cannot move any more are held.
        """
        fresh = Polytope(self._component, hidden, space)
        held = np.ones(len(self.values), dtype=bool)
        held[space.basis.figure] = False
        for table in self.witnesses:
            if (np.abs(table - self.values)[held] <= SLACK).all():
                fresh.witnesses.append(table)
                fresh._widen(table)
        if not (hidden & ~self.hidden).any():
            fresh._shared, fresh._hopeless = self._shared, set(self._hopeless)
            fresh._down, fresh._up = np.where(held, 0.0, self._down), np.where(held, 0.0, self._up)
        return fresh

    def tables(self) -> Floats:
        """Return as rows the witnesses, and those along the changes that keep what is published."""
        dense = self._space.changes.dense(len(self.values)).repeat(2, axis=0)
        steps = self._steps.ravel()
        there = steps != 0
        along = self.values + steps[there, None] * dense[there]
        return np.concatenate([np.array(self.witnesses).reshape(-1, len(self.values)), along])

    def reached(self, cell: int, goals: Floats) -> bool:
        """Whether a witness is known in which a cell is at its goal or beyond."""
        if goals[cell] >= self.values[cell]:
            return bool(self.most[cell] >= goals[cell] - SLACK)
        return bool(self.least[cell] <= goals[cell] + SLACK)

    def pursue(self, cells: Iterable[int], goals: Floats) -> list[int]:
        """Look for witnesses in which each cell is at its goal or beyond.

        Args:
            cells: hidden cells that should move, all upwards or all downwards.
            goals: where to, shape (all cells,).

        Returns:
            The cells for which there is no such witness.

        """
        asked = self._short(list(cells), [goals])
        left = self._promising(asked, [goals])
        while len(left) > 1:  # together first: one program often serves them all
            self._move(left, goals)
            still = self._short(left, [goals])
            if len(still) == len(left):
                break
            left = still
        for cell in left:
            if not self.reached(cell, goals):
                self._move([cell], goals)
        failed = self._short(asked, [goals])
        self._hopeless.update((cell, float(goals[cell])) for cell in failed)
        return failed

    def stir(self, cells: Sequence[int], goals: Sequence[Floats]) -> list[int]:
        """Look for witnesses in which each cell is at one of its goals or beyond.

        Cells of which some can only rise while others fall do not move together: so one program
        moves all cells each its own way, chosen at random, and another the opposite way.

        Returns:
            The cells for which that found no witness.

        """
        left = self._short(cells, goals)
        hopeful = self._promising(left, goals)
        if len(hopeful) > 1 and len(goals) > 1:
            at = np.array(hopeful)
            weights = np.random.default_rng(len(at)).uniform(0.5, 1.5, len(at))
            weights *= np.where(np.arange(len(at)) % 2, 1.0, -1.0)
            moves = np.array([goal[at] - self.values[at] for goal in goals])
            low, high = np.minimum(moves.min(axis=0), 0.0), np.maximum(moves.max(axis=0), 0.0)
            for costs in (weights, -weights):
                if self._short(hopeful, goals):
                    self._run(at, costs, low, high)
        return self._short(left, goals)

    def has_room(self, most: Floats) -> bool:
        """Whether some table is nowhere above `most`, shape (cells,)."""
        figures = np.arange(len(most))
        nothing, room = np.zeros(len(most)), most - self.values[: len(most)]
        below, solved = np.full(len(most), -np.inf), False
        for whole in (False, True):
            self.programs += 1
            program = self._program()
            solved, moved = program.solve(figures, nothing, below, room, whole=whole)
            if moved is None or not self._component.whole or is_whole(moved):
                return solved and moved is not None
        return False

    def limit(self, cell: int, *, upwards: bool) -> float:
        """Bound what a hidden cell can be, from above or from below; infinite if nothing does."""
        sign = 1.0 if upwards else -1.0
        self.programs += 1
        _, moved = self._program().solve(
            np.array([cell]), np.array([-sign]), np.array([-np.inf]), np.array([np.inf])
        )
        if moved is None:
            return sign * np.inf
        far = float(self.values[cell] + moved[cell])
        if not self._component.whole:
            return far
        return float(np.floor(far + SLACK) if upwards else np.ceil(far - SLACK))

    def _short(self, cells: Sequence[int], goals: Sequence[Floats]) -> list[int]:
        return [cell for cell in cells if not any(self.reached(cell, goal) for goal in goals)]

    def _promising(self, cells: Sequence[int], goals: Sequence[Floats]) -> list[int]:
        """Leave out cells that were looked for before, at every one of the goals, and in vain."""
        hopeless = self._hopeless
        return [c for c in cells if any((c, float(goal[c])) not in hopeless for goal in goals)]

    def _move(self, cells: Sequence[int], goals: Floats) -> None:
        """Move the cells as far towards their goals as they go together; keep the witness."""
        at = np.array(cells)
        steps = goals[at] - self.values[at]
        upwards = steps >= 0
        low, high = np.where(upwards, -np.inf, steps), np.where(upwards, steps, np.inf)
        moved = self._run(at, np.where(upwards, -1.0, 1.0), low, high)
        if moved is None or len(cells) > 1 or not self._component.whole:
            return
        cell, step = cells[0], float(steps[0])
        if not self.reached(cell, goals) and (moved[cell] - step) * np.sign(step) >= -SLACK:
            # one of fractions reached the goal; the next whole number may lie beyond it
            far = step + len(self.values)
            least, most = (step, far) if step > 0 else (-np.inf, step)
            if not self._corner(cell, least, most):
                self._run(at, np.zeros(1), np.array([least]), np.array([most]), whole=True)

    def _corner(self, cell: int, least: float, most: float) -> bool:
        """Look for whole numbers in corners of what a cell's limits leave; say if there were any.

        Most corners are whole, and one costs far less than a search for whole numbers.
        """
        figures = np.arange(len(self.values))
        low, high = np.full(len(figures), -np.inf), np.full(len(figures), np.inf)
        low[cell], high[cell] = least, most
        for number in range(CORNERS):
            costs = np.random.default_rng(number).uniform(0.5, 1.5, len(figures))
            self.programs += 1
            solved, moved = self._program().solve(figures, costs, low, high)
            if not solved or moved is None:
                return False
            if is_whole(moved):
                self._keep(self.values + np.round(moved))
                return True
        return False

    def _run(
        self, cells: Ints, costs: Floats, low: Floats, high: Floats, *, whole: bool = False
    ) -> Floats | None:
        """Find the moves of least cost with those of some cells within limits; keep the witness."""
        self.programs += 1
        _, moved = self._program().solve(cells, costs, low, high, whole=whole)
        if moved is None:
            return None
        if self._component.whole and not is_whole(moved):
            return moved
        self._keep(self.values + (np.round(moved) if self._component.whole else moved))
        return moved

    def _keep(self, table: Floats) -> None:
        """Remember a witness, if it widens what was known."""
        if (table < self.least - SLACK).any() or (table > self.most + SLACK).any():
            self.witnesses.append(table)
        self._widen(table)

    def _widen(self, table: Floats) -> None:
        np.minimum(self.least, table, out=self.least)
        np.maximum(self.most, table, out=self.most)

    def _program(self) -> Program:
        """Return the program with the limits of this polytope."""
        if self._shared is None:
            self._shared = _Shared(Program(self._space.basis, self._down, self._up), self)
        elif self._shared.owner is not self:
            self._shared.program.hold(self._down, self._up)
            self._shared.owner = self
        return self._shared.program
