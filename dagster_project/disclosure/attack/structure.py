"""The equations between what is hidden, as a sparse matrix that every table of a measure shares.

Belongs here: variables, rows, what of them is fixed. Does not belong here: solving.

One release gives, for every equation with something hidden, one row. Several releases are stacked:
the hidden cells of each are variables of their own, tied by the differences `change` = new minus
earlier, which obey the same equations; if answers were only added, no table shrinks from one
release to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dagster_project.disclosure.attack.catalogue import Flags, Floats, Ints
from dagster_project.disclosure.attack.measured import Equations, Measured


@dataclass(frozen=True)
class View:
    """What the attacker takes for granted about one measure.

    `releases` are those stacked, the one under attack first; `known` says which cells he takes as
    known in each of them (rows) and `scope` which can have anybody at all; `only_added` says
    whether he believes that answers were only added.
    """

    releases: tuple[int, ...]
    known: Flags
    scope: Flags
    valid: Flags
    only_added: bool = False

    @property
    def fingerprint(self) -> bytes:
        """Equal if the structures are."""
        flags = np.packbits(np.concatenate([self.known, self.scope, self.valid], axis=1))
        return flags.tobytes() + bytes([self.only_added, *self.releases])


@dataclass(frozen=True)
class Structure:
    """Rows `sum(coef * x[col]) + sum(fixed_coef * value[fixed_at])`, 0 if `equal`, else >= 0.

    Entries are sorted by row. `place` and `change` give the variable of a hidden cell, and of its
    difference between the release under attack and an earlier one; -1 where there is none.
    `fixed_at` are positions in a flat table of (release, cell). `empty` marks rows without
    variables, which only can be right or wrong.
    """

    variables: int
    place: Ints
    change: Ints
    row: Ints
    col: Ints
    coef: Floats
    fixed_row: Ints
    fixed_at: Ints
    fixed_coef: Floats
    equal: Flags
    empty: Flags

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.equal)

    def right_side(self, table: Floats) -> Floats:
        """Return what `sum(coef * x[col])` of each row is equal to, or at least, for one table."""
        values = table.ravel()[self.fixed_at]
        known = self.fixed_coef * values
        right: Floats = -np.bincount(self.fixed_row, known, minlength=self.rows).astype(np.float64)
        return right


@dataclass
class _Rows:
    """Collects rows; entries may come in any order."""

    count: int = 0
    parts: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    fixed: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    equal: list[Flags] = field(default_factory=list)

    def more(self, size: int, *, equal: bool = True) -> int:
        """Begin `size` rows; returns the number of the first."""
        first = self.count
        self.count += size
        self.equal.append(np.full(size, equal))
        return first

    def add(self, row: Ints, sign: Floats, variable: Ints, flat: Ints) -> None:
        """Add an entry per row: a variable, or where there is none, a known value."""
        free = variable >= 0
        self.parts.append((row[free], variable[free], sign[free]))
        self.fixed.append((row[~free], flat[~free], sign[~free]))


def structure_of(view: View, equations: Equations) -> Structure:
    """Build the rows of a view of one measure."""
    unknown = view.scope & ~view.known
    releases, size = unknown.shape
    place = np.full(unknown.shape, -1)
    place[unknown] = np.arange(unknown.sum())
    variables = int(unknown.sum())
    rows = _Rows()
    for release in range(releases):
        _add_equations(rows, equations, view.valid[release], place[release], release * size)
    change = np.full(unknown.shape, -1)
    for release in range(1, releases):
        both = view.scope[0] & view.scope[release]
        new = both & (unknown[0] | unknown[release])
        change[release, new] = np.arange(new.sum()) + variables
        variables += int(new.sum())
        _add_changes(rows, both, place, change, release)
        _add_change_equations(rows, equations, view, change, release)
        if release > 1 and view.only_added:
            _add_order(rows, view, place, release)
    return _finished(rows, variables, place, change)


def _add_equations(
    rows: _Rows, equations: Equations, valid: Flags, place: Ints, offset: int
) -> None:
    number = np.cumsum(valid) - 1
    kept = valid[equations.row]
    first = rows.more(int(valid.sum()))
    cell = equations.cell[kept]
    rows.add(first + number[equations.row[kept]], equations.sign[kept], place[cell], cell + offset)


def _add_changes(rows: _Rows, both: Flags, place: Ints, change: Ints, release: int) -> None:
    """Tie differences to the cells: new - earlier - difference = 0."""
    cell = np.flatnonzero(both & (change[release] >= 0))
    row = rows.more(len(cell)) + np.arange(len(cell))
    one = np.ones(len(cell))
    rows.add(row, one, place[0][cell], cell)
    rows.add(row, -one, place[release][cell], cell + release * place.shape[1])
    rows.parts.append((row, change[release][cell], -one))


def _add_change_equations(
    rows: _Rows, equations: Equations, view: View, change: Ints, release: int
) -> None:
    """Differences add up like the cells; a known one is the difference of two known values."""
    valid = view.valid[0] & view.valid[release]
    outside = ~(view.scope[0] & view.scope[release])[equations.cell]
    valid &= np.bincount(equations.row[outside], minlength=len(valid)) == 0
    number = np.cumsum(valid) - 1
    kept = valid[equations.row]
    row = rows.more(int(valid.sum())) + number[equations.row[kept]]
    cell, sign = equations.cell[kept], equations.sign[kept]
    free = change[release][cell] >= 0
    rows.parts.append((row[free], change[release][cell][free], sign[free]))
    for of, factor in ((0, 1.0), (release, -1.0)):
        rows.fixed.append((row[~free], cell[~free] + of * change.shape[1], factor * sign[~free]))
    if view.only_added:
        both = view.scope[0] & view.scope[release]
        published = np.flatnonzero(both & (change[release] < 0))
        row = rows.more(len(published), equal=False) + np.arange(len(published))
        one, none = np.ones(len(published)), np.full(len(published), -1)
        rows.add(row, one, none, published)
        rows.add(row, -one, none, published + release * change.shape[1])


def _add_order(rows: _Rows, view: View, place: Ints, release: int) -> None:
    """Answers were only added between two earlier releases."""
    cell = np.flatnonzero(view.scope[release - 1] & view.scope[release])
    row = rows.more(len(cell), equal=False) + np.arange(len(cell))
    one = np.ones(len(cell))
    for of, factor in ((release - 1, 1.0), (release, -1.0)):
        rows.add(row, factor * one, place[of][cell], cell + of * place.shape[1])


def _finished(rows: _Rows, variables: int, place: Ints, change: Ints) -> Structure:
    row, col, coef = (np.concatenate(part) for part in zip(*rows.parts, strict=True))
    fixed_row, fixed_at, fixed_coef = (
        (np.concatenate(part) for part in zip(*rows.fixed, strict=True))
        if rows.fixed
        else (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    )
    order = np.argsort(row, kind="stable")
    return Structure(
        variables,
        place,
        change,
        row[order],
        col[order],
        coef[order],
        fixed_row,
        fixed_at,
        fixed_coef,
        np.concatenate(rows.equal) if rows.equal else np.empty(0, dtype=bool),
        np.bincount(row, minlength=rows.count) == 0,
    )


def valid_rows(measured: Measured, equations: Equations, asked: Flags) -> Flags:
    """Say which equations (columns) hold in each release (rows).

    An equation holds if its parent and at least one of its parts have a row: a measure may be asked
    of totals only. A parent without a row where the measure is asked is known to be empty; that is
    used only where no part of it is published.
    """
    present = measured.present & measured.scope
    parent = present[:, equations.parent]
    part = equations.sign > 0
    row, cell = equations.row[part], equations.cell[part]
    with_parts, shown = np.zeros(parent.shape, dtype=bool), np.zeros(parent.shape, dtype=bool)
    for release in range(len(present)):
        np.logical_or.at(with_parts[release], row, present[release, cell])
        np.logical_or.at(shown[release], row, measured.values[release, 0, cell] > 0)
    empty = asked[:, equations.parent] & ~parent & ~shown
    return (parent | empty) & with_parts & measured.scope[:, equations.parent]
