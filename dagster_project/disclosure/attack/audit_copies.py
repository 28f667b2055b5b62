"""Tables that show again what stands in others.

Belongs here: the tables of one metric, merged organisations. Does not belong here: item response
(audit_items), priorities (audit_priority), publication (audit_publication), the figures themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.disclosure.attack.audit_compared import same
from dagster_project.disclosure.attack.contract import MERGED
from dagster_project.disclosure.attack.names import CELL, KPI, PUBLISHED

Check = tuple[str, str, pl.DataFrame]
KEY = (*CELL, "metric")


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
    if MERGED in tables:
        found.append((MERGED, "not the sum of published cells", _merged(tables)))
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


def _merged(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Find rows of merged organisations that are not what their predecessors published."""
    into = tables["dim_organisation"].select("organisation_code", "merged_into")
    now = into.select("organisation_code", present="organisation_code")
    for _ in range(into.height):  # a merger may be followed by another
        step = now.join(into, left_on="present", right_on="organisation_code", how="left")
        moved = step.select("organisation_code", present=pl.coalesce("merged_into", "present"))
        if moved.equals(now):
            break
        now = moved
    parts = tables[KPI].filter(pl.col("status") == PUBLISHED).join(now, on="organisation_code")
    on = [name for name in KEY if name != "organisation_code"]
    sums = parts.group_by("present", *on).agg(
        pl.col("n").sum().alias("sum_n"),
        pl.col("n_weighted").sum().alias("sum_weight"),
        mean=(pl.col("n_weighted") * pl.col("value")).sum() / pl.col("n_weighted").sum(),
    )
    shown = tables[MERGED].filter(pl.col("status") == PUBLISHED)
    rows = shown.join(
        sums, left_on=["organisation_code", *on], right_on=["present", *on], how="left"
    )
    good = (
        same(pl.col("n"), pl.col("sum_n"))
        & same(pl.col("n_weighted"), pl.col("sum_weight"))
        & same(pl.col("value"), pl.col("mean"))
    )
    return rows.filter(~good)
