"""The series of organisations as they are now: sums of what their parts published.

Belongs here: rows, n, values and margins of that table. Does not belong here: rounding and changes,
which are judged as everywhere (audit_compared).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.disclosure.audit.comparisons import CLOSE_CALL, present, with_errors
from dagster_project.disclosure.audit.contract import CELL, KPI, MERGED, PUBLISHED, Check, same

KEY = (*CELL, "metric")


def checks(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """(table, what is wrong, rows) of everything that is not the sum of published cells."""
    if MERGED not in tables:
        return []
    rows = with_errors(tables, MERGED).join(_sums(tables), on=KEY, how="full", coalesce=True)
    shown = pl.col("status") == PUBLISHED
    published = rows.filter(shown & (pl.col("hidden") == 0))
    good = (
        same(pl.col("n"), pl.col("sum_n"))
        & same(pl.col("n_weighted"), pl.col("sum_weight"))
        & same(pl.col("value"), pl.col("mean"))
    )
    return [
        (MERGED, "no such cell in any part", rows.filter(pl.col("hidden").is_null())),
        (MERGED, "a cell of its parts is missing", rows.filter(pl.col("status").is_null())),
        (
            MERGED,
            "published where a part is hidden, or hidden where none is",
            rows.filter(shown != (pl.col("hidden") == 0)),
        ),
        (MERGED, "not the sum of published cells", published.filter(~good)),
        (MERGED, "margin does not follow from published cells", _other_margins(published)),
    ]


def _sums(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Sum the parts of each cell; `square` is null where the variance of one is unknown."""
    weight, value, n = pl.col("n_weighted"), pl.col("value"), pl.col("n").cast(pl.Float64)
    square = n * (pl.col("error") * (n - 1) + value.pow(2))
    hidden = pl.col("status") != PUBLISHED
    return (
        with_errors(tables, KPI)
        .join(present(tables), on="organisation_code")
        .with_columns(organisation_code="present")
        .group_by(KEY)
        .agg(
            hidden=hidden.sum(),
            sum_n=pl.col("n").sum(),
            sum_weight=weight.sum(),
            mean=(weight * value).sum() / weight.sum(),
            square=pl.when(square.is_not_null().all()).then(square.sum()),
            only_margin=pl.when(pl.len() == 1).then(pl.col("margin").first()),
            only_population=pl.col("population").first(),
        )
    )


def _other_margins(rows: pl.DataFrame) -> pl.DataFrame:
    """Find margins that are not that of the only part, or that its spread does not give.

    Where one of several parts is everybody who was invited there, or one answer, its spread is not
    published; then, and in weighted studies, any margin passes that is not negative. One answer
    alone has none.
    """
    n = pl.col("sum_n").cast(pl.Float64)
    enough = pl.when(pl.col("population") >= n).then(pl.col("population"))
    left = ((enough - n) / enough).fill_null(1.0)
    variance = (pl.col("square") / n - pl.col("mean").pow(2)).clip(0)
    alone = pl.col("population").eq_missing(pl.col("only_population"))
    expected = (
        pl.when(alone & pl.col("only_margin").is_not_null())
        .then(pl.col("only_margin"))
        .otherwise(1.96 * (variance / n).sqrt() * left.sqrt())
    )
    off = (pl.col("margin") - expected).abs() > CLOSE_CALL * (1 + expected)
    good = (pl.col("margin") >= 0) & ~off.fill_null(value=False)
    lone = pl.col("sum_n") < 2  # noqa: PLR2004
    good = pl.when(lone).then(pl.col("margin").is_null()).otherwise(good)
    return rows.filter(~good.fill_null(value=False))
