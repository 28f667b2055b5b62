"""A table as the attack wants it, and what the attack and the judge say of it.

Belongs here: names and shapes on both sides. Does not belong here: wording (check, lines).

Each group is a small table of its own beside the whole: a total, its published parts, and what is
left. So a large table with many groups costs little more than the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.disclosure.attack import Attack, Layout, attack
from dagster_project.disclosure.attack.layout import BASE, TOTAL
from dagster_project.disclosure.judge import Limits, Violation, judge_from_outside
from dagster_project.table_check.groups import Cell, Group, groups_in, unlisted_in
from dagster_project.table_check.table import Answers, Row, Table

WHOLE = "file"
"""The table that is the file; those of groups have a number."""
MEAN = "mean"
LEFT = "what is left"
"""The part of a group's table that is the group."""
BOUNDS = ("n_low", "n_high", "top_low", "top_high", "bottom_low", "bottom_high")

Ends = tuple[float, float]
Term = tuple[Fraction, Row]


@dataclass(frozen=True)
class Known:
    """What is known of a cell: intervals of n and of the mean (None: none is printed at all).

    `terms` are published rows with factors of which it is the sum, `equation` is how the attack
    words it, where either is known.
    """

    n: Ends
    exact: bool
    mean: Ends | None
    terms: tuple[Term, ...]
    equation: str


@dataclass(frozen=True)
class Found:
    """What was found of cells and groups, and small unions as (members, n, equation)."""

    cells: Mapping[Cell, Known]
    groups: tuple[tuple[Group, Known], ...]
    unions: tuple[tuple[tuple[str, ...], int, str], ...]
    violations: tuple[Violation, ...]


def attack_table(table: Table, min_n: int) -> Found:
    """Attack a table and its groups, and judge the cells that the file suppresses."""
    names = tuple(f"d{number}" for number in range(len(table.dimensions)))
    layout = Layout(table="table", dimensions=names, asked_by=(), time=names[0])
    groups = groups_in(table)
    figures = _figures(table, groups, layout)
    scales = _scales(table, [WHOLE, *map(str, range(len(groups)))])
    limits = Limits(min_n=min_n)
    found = attack(
        figures,
        _hierarchies(table, groups, layout),
        scales,
        layout=layout,
        min_n=min_n,
        apart=figures.select([*layout.cell, "measure"]),
        explain_within=2.0 * limits.reach(min_n),
    )
    judged = _of_file(found, table, layout)
    of_file = figures.filter(pc.equal(figures[layout.table], WHOLE))
    violations = judge_from_outside(judged, of_file, scales, {WHOLE: limits}, layout=layout)
    rows = {(WHOLE, row.values): row for row in table.rows}
    for number, group in enumerate(groups):
        rows |= {(str(number), _cell(part, layout)): row for part, row in group.parts.items()}
    known = _known(found, layout, rows)
    return Found(
        {cell: one for (of, cell), one in known.items() if of == WHOLE},
        tuple(
            (group, known[str(number), _cell(LEFT, layout)]) for number, group in enumerate(groups)
        ),
        _unions(judged),
        tuple(violations),
    )


def _cell(part: str, layout: Layout) -> Cell:
    """Name a cell of a group's table."""
    return (part, *(TOTAL for _ in layout.dimensions[1:]))


def _figures(table: Table, groups: Sequence[Group], layout: Layout) -> pa.Table:
    measures = (BASE, MEAN)[: 1 + table.has_means]
    rows = [
        figure | {"table": WHOLE, "cell": row.values}
        for row in table.rows
        for figure in _of_row(row, table)
    ]
    hidden = [(WHOLE, cell) for cell in sorted(unlisted_in(table))]
    for number, group in enumerate(groups):
        rows += [
            figure | {"table": str(number), "cell": _cell(part, layout)}
            for part, row in group.parts.items()
            for figure in _of_row(row, table)
        ]
        hidden.append((str(number), _cell(LEFT, layout)))
    rows += [
        {"table": of, "cell": cell, "measure": measure, "hidden": True, "n_low": 0.0}
        for of, cell in hidden
        for measure in measures
    ]
    numbers = {
        name: pa.array([row.get(name) for row in rows], pa.float64())
        for name in ("n", "weight", *BOUNDS)
    }
    return pa.table(
        {
            layout.table: [row["table"] for row in rows],
            **{name: [row["cell"][d] for row in rows] for d, name in enumerate(layout.dimensions)},
            "measure": [row["measure"] for row in rows],
            "hidden": [row["hidden"] for row in rows],
        }
        | numbers
    )


def _of_row(row: Row, table: Table) -> list[dict[str, Any]]:
    """Give n, and a rounded mean as a hidden one within bounds."""
    told: dict[str, Any] = {"n_low": row.least, "n_high": row.most}
    if row.n is not None:
        told = {"n_low": row.n, "n_high": row.n}
    hidden = {"hidden": True, **told}
    shown = {"hidden": False, "n": row.n, "weight": row.n}
    found = [{"measure": BASE, **(hidden if row.n is None else shown)}]
    if table.has_means:
        found.append({"measure": MEAN, **hidden, **_ends(row, table.answers)})
    return found


def _ends(row: Row, answers: Answers) -> dict[str, float]:
    """Bounds of how far the answers of a row are above the minimum, and below the maximum."""
    sums = row.sums(answers)
    if sums is None or row.n is None:
        return {}
    width = answers.maximum - answers.minimum
    above = [Fraction(0), Fraction(0)]
    if row.n:
        above = [(end - row.n * answers.minimum) / width for end in (sums.low, sums.high)]
    below = [row.n - end for end in reversed(above)]
    return {
        "top_low": float(above[0]),
        "top_high": float(above[1]),
        "bottom_low": float(below[0]),
        "bottom_high": float(below[1]),
    }


def _hierarchies(table: Table, groups: Sequence[Group], layout: Layout) -> pa.Table:
    edges = [
        (WHOLE, layout.dimensions[one.dimension], one.partition, one.parent, child)
        for one in table.equations
        for child in one.children
    ]
    for number, group in enumerate(groups):
        parts = [part for part in (*group.parts, LEFT) if part != TOTAL]
        edges += [(str(number), layout.dimensions[0], "", TOTAL, part) for part in parts]
    names = (layout.table, "dimension", "partition", "parent", "child")
    return pa.table(
        {
            name: pa.array([edge[place] for edge in edges], pa.string())
            for place, name in enumerate(names)
        }
    )


def _scales(table: Table, tables: Sequence[str]) -> pa.Table:
    low, high = float(table.answers.minimum), float(table.answers.maximum)
    rows = [
        {"table": of, "metric": MEAN, "kind": "mean", "low": low, "high": high} for of in tables
    ]
    return pa.Table.from_pylist(rows)


def _of_file(found: Attack, table: Table, layout: Layout) -> Attack:
    """Keep what is about cells that the file has a row of and does not print."""
    rows = {row.values: row for row in table.rows}
    intervals, unions = pl.DataFrame(found.intervals), pl.DataFrame(found.unions)
    kept = [
        of == WHOLE
        and (row := rows.get(tuple(cell))) is not None
        and (row.n is None or (measure == MEAN and row.n > 0 and row.mean is None))
        for of, *cell, measure in intervals.select(*layout.cell, "measure").iter_rows()
    ]
    return replace(
        found,
        intervals=intervals.filter(pl.Series(kept, dtype=pl.Boolean)).to_arrow(),
        unions=unions.filter(pl.col(layout.table) == WHOLE).to_arrow(),
        contradictions=tuple(one for one in found.contradictions if one[0][0] == WHOLE),
    )


def _known(
    found: Attack, layout: Layout, rows: Mapping[tuple[str, Cell], Row]
) -> dict[tuple[str, Cell], Known]:
    """Return what is known of every hidden cell, by table and cell."""
    intervals = pl.DataFrame(found.intervals)
    means = {
        (of, tuple(cell)): (low, high)
        for of, *cell, low, high in intervals.filter(
            (pl.col("measure") == MEAN) & (pl.col("figure") == "mean")
        )
        .select(*layout.cell, "low", "high")
        .iter_rows()
    }
    counts = intervals.filter((pl.col("measure") == BASE) & (pl.col("figure") == "n"))
    known = {}
    for row in counts.iter_rows(named=True):
        of, *cell = (row[name] for name in layout.cell)
        terms = tuple(
            (Fraction(term["factor"]).limit_denominator(1000), rows[of, tuple(term["cell"][1:])])
            for term in row["terms"] or ()
        )
        key = of, tuple(cell)
        ends = row["low"], row["high"]
        known[key] = Known(ends, row["exact"], means.get(key), terms, row["equation"] or "")
    # a mean that is not printed beside its n
    for key, mean in means.items():
        n = float(rows[key].n or 0) if key in rows else 0.0
        known.setdefault(key, Known((n, n), False, mean, (), ""))
    return known


def _unions(found: Attack) -> tuple[tuple[tuple[str, ...], int, str], ...]:
    return tuple(
        (tuple(row["members"]), row["weight"], row["equation"])
        for row in pl.DataFrame(found.unions).iter_rows(named=True)
        if row["measure"] == BASE
    )
