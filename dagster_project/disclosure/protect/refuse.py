"""What `protect` does not accept: input about which its guarantees would say nothing.

Belongs here: judging the rows one by one and against the respondents of their cell. Does not belong
here: whether totals are the sums of their parts, which needs the equations (blocks).
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect.rules import SLACK, Layout

CARRIED = "carried"
COUNT = "count"
SCORED = ("mean", "net", "share")
KINDS = (COUNT, *SCORED, "distribution")

_SUMS = ("total", "total_squared")
_ENDS = ("low", "high")
_NUMBERS = ("n", "n_effective", "weight", *_SUMS, *_ENDS)


def tree_of(hierarchies: pa.Table, layout: Layout) -> pl.DataFrame:
    """Read how cells add up; a table without rows needs no columns.

    Raises:
        ValueError: a column is missing.

    """
    columns = (layout.table, "dimension", "partition", "parent", "child")
    if hierarchies.num_rows == 0:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    need(hierarchies, columns, "hierarchies")
    return pl.DataFrame(hierarchies.select(list(columns))).cast(pl.String)


def refuse(cells: pa.Table, tables: Collection[str], layout: Layout) -> None:
    """Refuse cells that cannot be, or that no promise covers; `tables` are those with rules.

    Rows of kind `carried` decide nothing and are not looked at. Those of kind `count` outside the
    base group count people of their own, who need not be among the respondents of the cell.

    Raises:
        ValueError: what is wrong, in one line, with the first row that it is wrong in.

    """
    names = (*layout.cell, "disclosure_group", "measure", "kind")
    needed = (*names, "answer", "n", "n_effective")
    need(cells, needed, "cells")
    rows = pl.DataFrame(cells.select([c for c in cells.column_names if c in (*needed, *_NUMBERS)]))
    rows = rows.with_columns(pl.col(*names, "answer").cast(pl.String))
    rows = rows.filter(pl.col("kind").ne_missing(CARRIED))
    if (rows["kind"] != COUNT).any():
        need(cells, (*_SUMS, *_ENDS), "cells")
    for name in names:
        _none(rows, pl.col(name).is_null(), f"no {name}", layout)
    unknown = sorted(set(rows[layout.table].unique()) - set(tables))
    if unknown:
        raise ValueError(f"no rules for {layout.table} {', '.join(unknown)}")
    _refuse_names(rows, layout)
    _refuse_figures(_as_numbers(rows), layout)


def need(table: pa.Table, columns: Collection[str], name: str) -> None:
    """Raise a ValueError that names the columns that are not there."""
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise ValueError(f"{name} has no column {', '.join(missing)}")


def _refuse_names(rows: pl.DataFrame, layout: Layout) -> None:
    kinds = ", ".join((*KINDS, CARRIED))
    _none(rows, ~pl.col("kind").is_in(KINDS), f"kind {{kind}} is none of {kinds}", layout)
    again = rows.group_by(*layout.cell, "disclosure_group", "measure", "answer").len("times")
    _none(again, pl.col("times") > 1, "stands there {times} times", layout)
    described = [name for name in ("kind", *_ENDS) if name in rows.columns]
    scales = rows.group_by(layout.table, "disclosure_group", "measure").agg(
        *layout.dimensions, pl.struct(described).n_unique().alias("scales")
    )
    scales = scales.with_columns(pl.col(layout.dimensions).list.first())
    _none(scales, pl.col("scales") > 1, "more than one kind, low or high", layout)


def _as_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Read the figures as numbers; one that is none is not finite, and a column that lacks null."""
    numbers = {}
    for name in _NUMBERS:
        given = pl.col(name) if name in rows.columns else pl.lit(None)
        number = given.cast(pl.Float64, strict=False)
        numbers[name] = (
            pl.when(given.is_null() | number.is_not_null()).then(number).otherwise(float("nan"))
        )
    return rows.with_columns(**numbers)


def _refuse_figures(rows: pl.DataFrame, layout: Layout) -> None:
    n = pl.col("n")
    for name in _NUMBERS:
        _none(rows, ~pl.col(name).is_finite(), f"{name} is not a finite number", layout)
    _none(rows, n.is_null() | (n < 0), "a negative or missing count", layout)
    _none(rows, n != n.round(), "n is not a whole number ({n})", layout)
    _none(rows, pl.col("weight") < 0, "the weight is negative ({weight})", layout)
    answered = (pl.col("kind") != COUNT) & (n > 0)
    for name in _SUMS:
        _none(rows, answered & pl.col(name).is_null(), f"has answers and no {name}", layout)
    _refuse_scores(rows.filter(answered & pl.col("kind").is_in(SCORED)), layout)
    people = rows.filter(pl.col("disclosure_group") == layout.base).select(
        *layout.cell, respondents="n"
    )
    people = people.unique(layout.cell, keep="any")
    answers = rows.filter(answered & (pl.col("disclosure_group") != layout.base))
    answers = answers.join(people, on=layout.cell, how="left")
    respondents = pl.col("respondents")
    _none(
        answers,
        respondents.is_null(),
        f"{{n:.0f}} answers and no row in group {layout.base}",
        layout,
    )
    _none(answers, n > respondents, "{n:.0f} answers of {respondents:.0f} respondents", layout)


def _refuse_scores(rows: pl.DataFrame, layout: Layout) -> None:
    """Refuse sums of scores that no scores between the ends of their scale have."""
    low, high, total = pl.col("low"), pl.col("high"), pl.col("total")
    weight = pl.coalesce("weight", "n")
    slack = SLACK * pl.max_horizontal(1.0, total.abs())
    possible = (total >= low * weight - slack) & (total <= high * weight + slack)
    _none(rows, low.is_null() | high.is_null(), "has scores and no scale (low, high)", layout)
    _none(
        rows,
        ~possible,
        "a total {total:.10g} of scores from {low:g} to {high:g} on {n:.0f}",
        layout,
    )


def _none(rows: pl.DataFrame, wrong: pl.Expr, what: str, layout: Layout) -> None:
    """Raise if a row is wrong, with the first of them; what is neither true nor false is not."""
    found = rows.filter(wrong)
    if found.height:
        row = found.sort(*layout.cell, "disclosure_group", "measure").row(0, named=True)
        where = "/".join(str(row[name]) for name in layout.cell)
        raise ValueError(
            f"{row['disclosure_group']}, {row['measure']} in {where}: {what.format_map(row)}"
        )
