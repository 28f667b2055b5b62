"""Tables that show again what stands in others.

Belongs here: the tables of one metric, publication. Does not belong here: merged organisations
(audit_merged), item response (audit_items), priorities (audit_priority), the figures themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.disclosure.attack.audit_compared import same
from dagster_project.disclosure.attack.contract import KEYS, PUBLICATION
from dagster_project.disclosure.attack.names import KPI, PUBLISHED, RESPONSE, TOTAL

Check = tuple[str, str, pl.DataFrame]


def metric_tables(tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Tables named after a metric, with the metric."""
    if "dim_metric" not in tables:
        return {}
    return {f"mart_{metric}": metric for metric in tables["dim_metric"]["metric"].unique()}


def checks(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """(table, what is wrong, rows) of everything that is not what stands elsewhere."""
    found = []
    for name, metric in metric_tables(tables).items():
        if name in tables:
            rows = tables[KPI].filter(pl.col("metric") == metric)
            found.append((name, f"not the rows of {KPI}", _apart(tables[name], rows)))
    if PUBLICATION in tables:
        found += _publication(tables)
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


def _publication(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    key = KEYS[PUBLICATION]
    every = pl.col("channel") == TOTAL
    responses = (
        tables[RESPONSE]
        .filter(every & (pl.col("status") == PUBLISHED))
        .select(*key, known="responses", rate="response_rate")
    )
    values = (
        tables[KPI]
        .filter(every & (pl.col("segment") == TOTAL) & (pl.col("status") == PUBLISHED))
        .group_by(key)
        .agg(values=pl.col("value"))
    )
    rows = (
        tables[PUBLICATION]
        .filter(pl.col("status") == PUBLISHED)
        .join(responses, on=key, how="left")
        .join(values, on=key, how="left")
        .with_columns(pl.col("values").fill_null([]))
    )
    found = [
        (
            PUBLICATION,
            f"{column} is not that of {RESPONSE}",
            rows.filter(pl.col(column).is_not_null() & ~same(pl.col(column), pl.col(other))),
        )
        for column, other in (("responses", "known"), ("response_rate", "rate"))
    ]
    for column in ("value", "value_second_judgement"):
        unknown = pl.col(column).is_not_null() & ~pl.col("values").list.contains(pl.col(column))
        found.append((PUBLICATION, f"{column} is no published value", rows.filter(unknown)))
    return found
