"""The same id twice in one delivery.

Belongs here: judging rows of a delivery against each other. Does not belong here: the same id in
another delivery; the models decide that.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dagster_project.ingest.plan import Kind, Plan

SAME = "the same row stands earlier in this delivery"
DIFFERENT = "the same id stands in other rows of this delivery with different content"
NO_DUPLICATES = pl.DataFrame(schema={"row": pl.Int64, "says": pl.String})
"""What `duplicates` gives when no id stands twice."""


def fingerprints(parsed: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """`row`, `key` and `content` (64-bit hashes) of rows that have an id; small enough to keep."""
    fields = [rule.field for rule in plan.rules]
    keys = [field for field in plan.key if field in fields]
    known = [
        pl.coalesce(pl.col(f"{rule.field}:code"), pl.col(rule.field)).alias(rule.field)
        if rule.kind is Kind.ORGANISATION
        else pl.col(rule.field)
        for rule in plan.rules
        if rule.field in keys
    ]
    return parsed.select(
        "row",
        key=parsed.select(known).hash_rows(seed=1),
        content=parsed.select(fields).hash_rows(seed=2),
    ).filter(pl.all_horizontal(parsed[field].is_not_null() for field in keys))


def duplicates(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`row` and `says` of rows that may not count, over all parts of a delivery in row order.

    Of rows with the same id and content the first one counts; with different content none does.
    """
    if not parts:
        return NO_DUPLICATES
    rows = pl.concat(parts, rechunk=False)
    # sorting takes 8 bytes a row; a table of all keys would take several times that
    keys = rows["key"].sort()
    again = keys.filter(keys == keys.shift(1)).unique()
    shared = rows.filter(pl.col("key").is_in(again.implode()))
    judged = shared.with_columns(
        alike=pl.col("content").n_unique().over("key") == 1,
        first=pl.col("row") == pl.col("row").min().over("key"),
    )
    return judged.filter(~(pl.col("alike") & pl.col("first"))).select(
        "row", says=pl.when("alike").then(pl.lit(SAME)).otherwise(pl.lit(DIFFERENT))
    )
