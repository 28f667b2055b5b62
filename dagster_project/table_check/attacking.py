"""A table as the attack wants it, and what the attack and the judge say of it.

Belongs here: names and shapes on both sides. Does not belong here: wording (check, lines).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack import Attack, Layout, attack
from dagster_project.disclosure.attack.layout import BASE
from dagster_project.disclosure.judge import Limits, Violation, judge_from_outside
from dagster_project.table_check.groups import Attacked, Cell, attacked_in
from dagster_project.table_check.table import Answers, Row, Table

WHOLE = "file"
"""The one value of the column that names the table."""
MEAN = "mean"

Ends = tuple[float, float]


@dataclass(frozen=True)
class Found:
    """What is known of cells: `n` and `mean` are intervals, `terms` factors of published cells."""

    attacked: Attacked
    n: Mapping[Cell, Ends]
    mean: Mapping[Cell, Ends]
    exact: frozenset[Cell]
    terms: Mapping[Cell, tuple[tuple[Fraction, Cell], ...]]
    equations: Mapping[Cell, str]
    unions: tuple[tuple[tuple[str, ...], int, str], ...]
    violations: tuple[Violation, ...]


def attack_table(table: Table, min_n: int) -> Found:
    """Attack a table, its groups included, and judge the cells that the file suppresses."""
    layout = _layout(table)
    attacked = attacked_in(table)
    figures, scales = _figures(table, attacked, layout), _scales(table)
    limits = {WHOLE: Limits(min_n=min_n)}
    found = attack(
        figures,
        _hierarchies(attacked, layout),
        scales,
        layout=layout,
        min_n=min_n,
        apart=figures.select([*layout.cell, "measure"]),
        explain_within=2.0 * limits[WHOLE].reach(min_n),
    )
    listed = replace(found, intervals=_of_file(found.intervals, table, layout))
    violations = judge_from_outside(listed, figures, scales, limits, layout=layout)
    return _known(found, attacked, layout, tuple(violations))


def _layout(table: Table) -> Layout:
    """Name the dimensions by number, as a column may have any name."""
    names = tuple(f"d{number}" for number in range(len(table.dimensions)))
    return Layout(table="table", dimensions=names, asked_by=(), time=names[0])


def _figures(table: Table, attacked: Attacked, layout: Layout) -> pa.Table:
    rows = [figure for row in table.rows for figure in _of_row(row, table)]
    for cell in sorted(attacked.unlisted):
        for measure in (BASE, MEAN)[: 1 + table.has_means]:
            rows.append({"cell": cell, "measure": measure, "hidden": True, "n_low": 0.0})
    names = ("n", "weight", "n_low", "n_high", "top_low", "top_high", "bottom_low", "bottom_high")
    return pa.table(
        {
            layout.table: [WHOLE] * len(rows),
            **{name: [row["cell"][d] for row in rows] for d, name in enumerate(layout.dimensions)},
            "measure": [row["measure"] for row in rows],
            "hidden": [row["hidden"] for row in rows],
            **{name: pa.array([row.get(name) for row in rows], pa.float64()) for name in names},
        }
    )


def _of_row(row: Row, table: Table) -> list[dict[str, Any]]:
    """Give n, and a rounded mean as a hidden one within bounds."""
    told = {"n_low": row.least, "n_high": row.most}
    if row.n is not None:
        told = {"n_low": row.n, "n_high": row.n}
    hidden = {"cell": row.values, "hidden": True, **told}
    shown = {"cell": row.values, "hidden": False, "n": row.n, "weight": row.n}
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
    above = [(end - row.n * answers.minimum) / width for end in (sums.low, sums.high)]
    if not row.n:
        above = [Fraction(0), Fraction(0)]
    below = [row.n - end for end in reversed(above)]
    return {
        "top_low": float(above[0]),
        "top_high": float(above[1]),
        "bottom_low": float(below[0]),
        "bottom_high": float(below[1]),
    }


def _hierarchies(attacked: Attacked, layout: Layout) -> pa.Table:
    edges = [(one, child) for one in attacked.equations for child in one.children]
    return pa.table(
        {
            layout.table: pa.array([WHOLE] * len(edges), pa.string()),
            "dimension": pa.array([f"d{one.dimension}" for one, _ in edges], pa.string()),
            "partition": pa.array([one.partition for one, _ in edges], pa.string()),
            "parent": pa.array([one.parent for one, _ in edges], pa.string()),
            "child": pa.array([child for _, child in edges], pa.string()),
        }
    )


def _scales(table: Table) -> pa.Table:
    low, high = float(table.answers.minimum), float(table.answers.maximum)
    return pa.table(
        {"table": [WHOLE], "metric": [MEAN], "kind": ["mean"], "low": [low], "high": [high]}
    )


def _of_file(intervals: pa.Table, table: Table, layout: Layout) -> pa.Table:
    """Keep the intervals of cells that the file has a row of and does not print."""
    rows = {row.values: row for row in table.rows}
    frame = pl.DataFrame(intervals)
    kept = [
        (row := rows.get(tuple(cell))) is not None
        and (row.n is None or (measure == MEAN and row.n > 0 and row.mean is None))
        for *cell, measure in frame.select(*layout.dimensions, "measure").iter_rows()
    ]
    return frame.filter(pl.Series(kept, dtype=pl.Boolean)).to_arrow()


def _known(
    found: Attack, attacked: Attacked, layout: Layout, violations: tuple[Violation, ...]
) -> Found:
    n: dict[Cell, Ends] = {}
    mean: dict[Cell, Ends] = {}
    exact, terms, equations = set(), {}, {}
    for row in pl.DataFrame(found.intervals).iter_rows(named=True):
        cell = tuple(row[name] for name in layout.dimensions)
        if row["measure"] == MEAN and row["figure"] == "mean":
            mean[cell] = (row["low"], row["high"])
        if row["measure"] != BASE or row["figure"] != "n":
            continue
        n[cell] = (row["low"], row["high"])
        if row["exact"]:
            exact.add(cell)
        if row["terms"]:
            terms[cell] = tuple(
                (Fraction(term["factor"]).limit_denominator(1000), tuple(term["cell"][1:]))
                for term in row["terms"]
            )
        if row["equation"]:
            equations[cell] = row["equation"]
    unions = tuple(
        (tuple(row["members"]), row["weight"], row["equation"])
        for row in pl.DataFrame(found.unions).iter_rows(named=True)
        if row["measure"] == BASE
    )
    return Found(attacked, n, mean, frozenset(exact), terms, equations, unions, violations)
