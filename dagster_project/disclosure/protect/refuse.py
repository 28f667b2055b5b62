"""What `protect` does not accept: input about which its guarantees would say nothing.

Belongs here: judging the rows one by one and against the respondents of their cell. Does not belong
here: whether totals are the sums of their parts, which needs the equations (blocks).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect.rules import ADDITIVE, BASE_GROUP, Layout

CARRIED = "carried"
COUNT = "count"
SCORED = ("mean", "net", "share")
KINDS = (COUNT, *SCORED, "distribution")

_GROUPED = ("disclosure_group", "measure")
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


def encoded(cells: pa.Table, texts: Collection[str]) -> pl.DataFrame:
    """Read the columns that matter, with numbers for texts, in the order of the texts.

    Raises:
        ValueError: a column is missing.

    """
    need(cells, (*texts, "n", "n_effective"), "cells")
    known = {"kind": (*KINDS, CARRIED), "disclosure_group": (BASE_GROUP,)}
    columns = []
    for name in (name for name in cells.column_names if name in (*texts, *_NUMBERS)):
        column = pl.Series(name, cells[name])
        if name in texts:
            column = column.cast(pl.String)
            values = {*column.unique().drop_nulls(), *known.get(name, ())}
            column = column.cast(pl.Enum(sorted(values)))
        columns.append(column)
    return pl.DataFrame(columns)


def refuse(rows: pl.DataFrame, tables: Collection[str], layout: Layout) -> None:
    """Refuse cells that cannot be, or that no promise covers; `tables` are those with rules.

    Rows of kind `carried` decide nothing and are not looked at. Those of kind `count` outside the
    base group count people of their own, who need not be among the respondents of the cell.

    Raises:
        ValueError: what is wrong, in one line, with the first row that it is wrong in.

    """
    names = (*layout.cell, *_GROUPED, "kind")
    rows = rows.filter(pl.col("kind").ne_missing(CARRIED))
    if (rows["kind"] != COUNT).any():
        need(rows, (*_SUMS, *_ENDS), "cells")
    judge = _Judge(layout.cell)
    for name in names:
        judge.none(rows, pl.col(name).is_null(), f"no {name}")
    unknown = sorted(set(rows[layout.table].unique()) - set(tables))
    if unknown:
        raise ValueError(f"no rules for {layout.table} {', '.join(unknown)}")
    judge.names(rows)
    judge.figures(_as_numbers(rows))


def need(table: pa.Table | pl.DataFrame, columns: Collection[str], name: str) -> None:
    """Refuse a table without all of these columns."""
    there = table.columns if isinstance(table, pl.DataFrame) else table.column_names
    missing = [column for column in columns if column not in there]
    if missing:
        raise ValueError(f"{name} has no column {', '.join(missing)}")


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


@dataclass(frozen=True)
class _Judge:
    """Judges rows; `cell` are the columns that name a cell."""

    cell: tuple[str, ...]

    def names(self, rows: pl.DataFrame) -> None:
        kinds = ", ".join((*KINDS, CARRIED))
        self.none(rows, ~pl.col("kind").is_in(KINDS), f"kind {{kind}} is none of {kinds}")
        key = (*self.cell, *_GROUPED, "answer")
        again = rows.filter(pl.struct(key).is_duplicated())
        if again.height:
            again = again.group_by(key).len("times")
            self.none(again, pl.col("times") > 1, "stands there {times} times")
        measure = [self.cell[0], *_GROUPED]
        described = [name for name in ("kind", *_ENDS) if name in rows.columns]
        scales = rows.group_by(measure).agg(
            pl.col(*self.cell[1:]).first(), pl.struct(described).n_unique().alias("scales")
        )
        self.none(scales, pl.col("scales") > 1, "more than one kind, low or high")

    def figures(self, rows: pl.DataFrame) -> None:
        n = pl.col("n")
        for name in _NUMBERS:
            self.none(rows, ~pl.col(name).is_finite(), f"{name} is not a finite number")
        self.none(rows, n.is_null() | (n < 0), "a negative or missing count")
        self.none(rows, n != n.round(), "n is not a whole number ({n})")
        self.none(rows, pl.col("weight") < 0, "the weight is negative ({weight})")
        answered = (pl.col("kind") != COUNT) & (n > 0)
        for name in _SUMS:
            self.none(rows, answered & pl.col(name).is_null(), f"has answers and no {name}")
        self.scores(rows.filter(answered & pl.col("kind").is_in(SCORED)))
        base = rows.filter(pl.col("disclosure_group") == BASE_GROUP)
        people = base.select(*self.cell, respondents="n").unique(self.cell, keep="any")
        answers = rows.filter(answered & (pl.col("disclosure_group") != BASE_GROUP))
        answers = answers.join(people, on=self.cell, how="left")
        respondents = pl.col("respondents")
        nowhere = f"{{n:.0f}} answers and no row in group {BASE_GROUP}"
        self.none(answers, respondents.is_null(), nowhere)
        self.none(answers, n > respondents, "{n:.0f} answers of {respondents:.0f} respondents")

    def scores(self, rows: pl.DataFrame) -> None:
        """Refuse sums of scores that no scores between the ends of their scale have."""
        low, high, total = pl.col("low"), pl.col("high"), pl.col("total")
        weight = pl.coalesce("weight", "n")
        slack = ADDITIVE * pl.max_horizontal(1.0, total.abs())
        possible = (total >= low * weight - slack) & (total <= high * weight + slack)
        self.none(rows, low.is_null() | high.is_null(), "has scores and no scale (low, high)")
        wrong = "a total {total:.10g} of scores from {low:g} to {high:g} on {n:.0f}"
        self.none(rows, ~possible, wrong)

    def none(self, rows: pl.DataFrame, wrong: pl.Expr, what: str) -> None:
        """Raise if a row is wrong, with the first; what is neither true nor false is not."""
        found = rows.filter(wrong)
        if found.height:
            row = found.sort(*self.cell, *_GROUPED).row(0, named=True)
            where = "/".join(str(row[name]) for name in self.cell)
            raise ValueError(
                f"{row['disclosure_group']}, {row['measure']} in {where}: {what.format_map(row)}"
            )
