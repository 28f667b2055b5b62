"""Which rows a release has, what hidden ones may hold, and tables that show rows again.

Belongs here: rows. Does not belong here: formulas.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.disclosure.audit.contract import (
    CELL,
    DISTRIBUTION,
    HIDDEN,
    KEYS,
    KPI,
    PERIOD,
    PUBLISHED,
    ROW,
    Check,
)


def checks(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """(table, what is wrong, rows) of everything wrong with rows as such."""
    found: list[Check] = []
    for name, table in tables.items():
        if name.startswith("mart_"):
            found += _of_table(name, table, tables["dim_period"])
    found += _empty(tables)
    if DISTRIBUTION in tables:
        found += _answers(tables[DISTRIBUTION])
    return found


def _of_table(name: str, table: pl.DataFrame, periods: pl.DataFrame) -> list[Check]:
    key = KEYS.get(name, KEYS[KPI])
    found = [(name, "two rows with the same key", table.filter(pl.struct(key).is_duplicated()))]
    if set(PERIOD) <= set(table.columns):
        known = periods.select("study", "period", *PERIOD)
        strange = table.join(known, on=known.columns, how="anti")
        found.append((name, "the period is not that of dim_period", strange))
    if "status" not in table.columns:
        return found
    hidden = table.filter(pl.col("status") == HIDDEN)
    other = table.filter(~pl.col("status").is_in([HIDDEN, PUBLISHED]) | pl.col("status").is_null())
    found.append((name, "status is neither published nor suppressed", other))
    for column in table.columns:
        if column not in (*key, *ROW):
            speaks = hidden.filter(pl.col(column).is_not_null())
            found.append((name, f"a hidden row has a value for {column}", speaks))
    return found


def _empty(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    return [
        (
            name,
            "a published row on nobody",
            tables[name].filter(
                (pl.col("status") == PUBLISHED) & ~(pl.col("n") > 0).fill_null(value=False)
            ),
        )
        for name in (KPI, DISTRIBUTION)
        if name in tables
    ]


def _answers(distribution: pl.DataFrame) -> list[Check]:
    """Every cell has every answer that the question has anywhere, with one n."""
    cell = (*CELL, "metric")
    every = pl.col("answer").n_unique().over("study", "metric")
    uneven = distribution.filter(pl.len().over(cell) != every)
    split = distribution.filter(pl.col("n").drop_nulls().n_unique().over(cell) > 1)
    return [
        (DISTRIBUTION, "the cell lacks rows of answers", uneven),
        (DISTRIBUTION, "n differs between the answers", split),
    ]


def metric_tables(tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Tables named after a metric, with the metric."""
    if "dim_metric" not in tables:
        return {}
    return {f"mart_{metric}": metric for metric in tables["dim_metric"]["metric"].unique()}


def copies(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """(table, what is wrong, rows) of everything that is not what stands elsewhere."""
    found = []
    for name, metric in metric_tables(tables).items():
        if name in tables:
            rows = tables[KPI].filter(pl.col("metric") == metric)
            found.append((name, f"not the rows of {KPI}", _apart(tables[name], rows)))
    return found


def _apart(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Rows that only one of two tables has."""
    columns = one.columns
    if set(columns) != set(other.columns):
        return one.head(1)
    other = other.select(columns)
    return pl.concat(
        [
            one.join(other, on=columns, how="anti", nulls_equal=True),
            other.join(one, on=columns, how="anti", nulls_equal=True),
        ]
    )
