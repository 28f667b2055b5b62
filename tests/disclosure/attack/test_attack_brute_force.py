"""The attack against counting every table that fits, on tables small enough for that."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
from attack_tables import attacked, found, kpi, release, responses, scales, tree
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

ROWS, COLUMNS = ("a", "b"), ("X", "Y", "Z")
LEAVES = tuple(product(ROWS, COLUMNS))
CELLS = tuple(product(("all", *ROWS), ("all", *COLUMNS)))
HIERARCHIES = tree(("channel", "all", ROWS), ("product_code", "all", COLUMNS))
SHARE = scales(yes=("share", 0.0, 100.0))

Table = dict[tuple[str, str], int]
Leaves = tuple[int, ...]
Pattern = set[tuple[str, str]]
Bounds = dict[tuple[str, str], tuple[int, int]]
Ints = npt.NDArray[np.int64]


def totals(leaves: tuple[int, ...]) -> Table:
    """A table of two by three with its margins."""
    table = dict(zip(LEAVES, leaves, strict=True))
    return {cell: sum(n for leaf, n in table.items() if covers(cell, leaf)) for cell in CELLS}


def place(cell: tuple[str, str]) -> tuple[str, str, str]:
    return ("2020", *cell)


def fitting(table: Table, hidden: set[tuple[str, str]], least: Table) -> Bounds:
    """Least and greatest value of each hidden cell over every table with the same published cells.

    Hidden cells hold at least `least`.
    """
    grid = np.meshgrid(
        *(_values(table, hidden, least, leaf) for leaf in LEAVES), indexing="ij", sparse=False
    )
    leaves = dict(zip(LEAVES, (axis.ravel() for axis in grid), strict=True))
    cells = {c: sum(leaves[leaf] for leaf in LEAVES if covers(c, leaf)) for c in CELLS}
    fits = np.ones(grid[0].size, dtype=bool)
    for c, values in cells.items():
        fits &= values >= least[c] if c in hidden else values == table[c]
    return {c: (int(cells[c][fits].min()), int(cells[c][fits].max())) for c in hidden}


def _values(
    table: Table, hidden: set[tuple[str, str]], least: Table, leaf: tuple[str, str]
) -> Ints:
    if leaf not in hidden:
        return np.array([table[leaf]])
    published = [table[c] for c in CELLS if c not in hidden and covers(c, leaf)]
    return np.arange(least[leaf], min(published) + 1)


def covers(cell: tuple[str, str], leaf: tuple[str, str]) -> bool:
    return all(c in ("all", part) for c, part in zip(cell, leaf, strict=True))


counts = st.tuples(*(st.integers(0, 3) for _ in LEAVES))
patterns = st.sets(st.sampled_from([c for c in CELLS if c != ("all", "all")]))
RELAXED = settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])


@RELAXED
@given(counts, patterns)
def test_intervals_of_respondents_are_those_of_all_tables_that_fit(leaves: Leaves, hidden: Pattern):
    table = totals(leaves)
    hidden = {cell for cell in hidden if table[cell] > 0}
    assume(hidden and table["all", "all"] <= 12)
    shown = {place(c): None if c in hidden else n for c, n in table.items() if n > 0}
    figures = {c: n and (n, 7.0 * n) for c, n in shown.items()}
    least = {c: int(table[c] > 0) for c in CELLS}
    bounds = fitting(table, hidden, least)

    intervals = attacked(release(kpis=kpi(figures), response=responses(shown)), HIERARCHIES)

    for cell in hidden:
        low, high = bounds[cell]
        assert found(intervals, "responses", "n", at=place(cell)) == [(low, high, low == high)]


@RELAXED
@given(counts, counts, patterns)
def test_intervals_of_a_share_are_those_of_all_pairs_of_tables_that_fit(
    yes: Leaves, no: Leaves, hidden: Pattern
):
    agree, disagree = totals(yes), totals(no)
    hidden = {c for c in hidden if agree[c] + disagree[c] > 0}
    assume(hidden and agree["all", "all"] <= 9 and disagree["all", "all"] <= 9)
    figures = {
        place(c): None if c in hidden else (agree[c] + disagree[c], 100.0 * agree[c])
        for c in CELLS
        if agree[c] + disagree[c] > 0
    }
    empty = dict.fromkeys(CELLS, 0)
    sides = [fitting(t, hidden, empty) for t in (agree, disagree)]

    intervals = attacked(release(kpis=kpi(figures, "yes")), HIERARCHIES, SHARE)

    for cell in hidden:
        ranges = [side[cell] for side in sides]
        low, high = ranges[0][0] + ranges[1][0], ranges[0][1] + ranges[1][1]
        assert found(intervals, "yes", "n", at=place(cell)) == [(low, high, low == high)]
        part = tuple(100 * bound for bound in ranges[0])
        [(below, above, exact)] = found(intervals, "yes", "total", at=place(cell))
        assert (round(below, 6), round(above, 6)) == part
        assert exact == (part[0] == part[1])


@RELAXED
@given(counts, counts, patterns)
def test_targets_and_workers_change_nothing_about_what_is_exact(
    leaves: Leaves, answered: Leaves, hidden: Pattern
):
    people = totals(tuple(max(pair) for pair in zip(leaves, answered, strict=True)))
    table = totals(tuple(min(pair) for pair in zip(leaves, answered, strict=True)))
    hidden = {cell for cell in hidden if people[cell] > 0}
    assume(hidden)
    response = responses({place(c): None if c in hidden else n for c, n in people.items() if n})
    figures = kpi(
        {
            place(c): None if c in hidden else (table[c], 6.5 * table[c])
            for c in CELLS
            if c in hidden or table[c] > 0
        }
    )
    published = release(kpis=figures, response=response)
    fully = attacked(published, HIERARCHIES).intervals
    names = [*fully.column_names[:7], "figure", "vintage", "low", "high"]
    briefly = attacked(published, HIERARCHIES, targets=fully.slice(0, 0).select(names)).intervals

    columns = [*fully.column_names[:7], "figure", "exact"]
    rows = [
        {
            tuple(row.values())
            for row in t.select(columns).to_pylist()
            if row["exact"] and row["figure"] != "mean"
        }
        for t in (fully, briefly)
    ]
    assert rows[0] == rows[1]
