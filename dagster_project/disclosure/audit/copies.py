"""Tables that show again what stands in others.

Belongs here: the tables of one metric. Does not belong here: merged organisations (audit_merged),
item response (audit_items), priorities (audit_priority), publication (audit_publication), the
figures themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.disclosure.attack.names import KPI

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
