"""What a figure is compared with at other organisations.

Belongs here: the benchmark and its significance. Does not belong here: comparisons in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import polars as pl

from dagster_project.disclosure.attack.audit_compared import LONE, misjudged, same, with_errors
from dagster_project.disclosure.attack.contract import ORGANISATIONS
from dagster_project.disclosure.attack.names import CELL, KPI, PUBLISHED, TOTAL

Check = tuple[str, str, pl.DataFrame]
MINIMUM = 3
LOST = 1e-7  # what a total less one part may lose in its last bits
LIKE = (*(name for name in (*CELL, "metric") if name != "organisation_code"), "group")


def checks(tables: Mapping[str, pl.DataFrame], minimum: Mapping[str, int]) -> list[Check]:
    """(table, what is wrong, rows) of benchmarks that are not the mean of the others' published.

    The others count once each, or pooled by n; they are all others, or those of the same size
    class, known to a reader: whichever a study does, it does everywhere.
    """
    published = with_errors(tables, KPI).filter(pl.col("status") == PUBLISHED)
    published = published.join(_size_classes(tables), on="organisation_code", how="left")
    least = pl.col("study").replace_strict(
        dict(minimum) or {"": MINIMUM}, default=MINIMUM, return_dtype=pl.Int64
    )
    wrong = []
    weights = (pl.lit(1.0), pl.col("n").cast(pl.Float64))
    for weight, group in product(weights, (pl.lit(TOTAL), pl.col("size_class"))):
        rows = _against_others(published.with_columns(share=weight, group=group), least)
        wrong.append(_checks(rows))
    studies = published["study"].unique().to_list()
    found: list[Check] = []
    for study in studies:
        options = [
            [(table, what, rows.filter(pl.col("study") == study)) for table, what, rows in option]
            for option in wrong
        ]
        found += min(options, key=lambda option: sum(rows.height for _, _, rows in option))
    return found


def _size_classes(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Read the size class of each organisation; without the table, none is known."""
    if ORGANISATIONS not in tables:
        return pl.DataFrame(schema={"organisation_code": pl.String, "size_class": pl.String})
    known = pl.col("size_class").cast(pl.String)
    return tables[ORGANISATIONS].select("organisation_code", known)


def _against_others(rows: pl.DataFrame, least: pl.Expr) -> pl.DataFrame:
    """Each row with the figures that a benchmark of the others would have."""
    share, value = pl.col("share"), pl.col("value")
    error = share.pow(2) * pl.col("error")
    spread = error.pow(2) / pl.col("freedom")
    unknown = pl.col("error").is_null().any().over(LIKE)
    with_sums = rows.with_columns(
        others=(pl.len().over(LIKE) - 1).cast(pl.Int64),
        untested=LONE.any().over(LIKE),
        rest=share.sum().over(LIKE) - share,
        rest_value=(share * value).sum().over(LIKE) - share * value,
        rest_error=pl.when(~unknown).then((error.sum().over(LIKE) - error).clip(0)),
        rest_spread=pl.when(~unknown).then((spread.sum().over(LIKE) - spread).clip(0)),
    )
    enough = (pl.col("others") >= least) & pl.col("group").is_not_null()
    rest = pl.col("rest")
    return with_sums.with_columns(
        expected=pl.when(enough).then(pl.col("rest_value") / rest),
        expected_others=pl.when(enough).then(pl.col("others")),
        both_errors=pl.col("error") + pl.col("rest_error") / rest.pow(2),
        both_spreads=pl.col("error").pow(2) / pl.col("freedom")
        + pl.col("rest_spread") / rest.pow(4),
    )


def _checks(rows: pl.DataFrame) -> list[Check]:
    value, others = pl.col("benchmark_value"), pl.col("benchmark_organisations").cast(pl.Int64)
    wrong = misjudged(
        pl.col("benchmark_significant"),
        pl.when(~pl.col("untested")).then(pl.col("value") - value),
        pl.col("both_errors"),
        pl.col("both_spreads"),
    )
    close = same(value, pl.col("expected")) | ((value - pl.col("expected")).abs() < LOST)
    return [
        (
            KPI,
            "benchmark_value is not the mean of the others' published values",
            rows.filter(~close.fill_null(value=False)),
        ),
        (
            KPI,
            "benchmark_organisations is not the number of others published",
            rows.filter(~same(others, pl.col("expected_others"))),
        ),
        (KPI, "benchmark_significant does not follow from published figures", rows.filter(wrong)),
    ]
