"""What a figure is compared with: itself in time, and other organisations.

Belongs here: rounding, earlier values, changes, the benchmark, and their significance. Does not
belong here: the figures themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import polars as pl

from dagster_project.disclosure.audit.contract import (
    CELL,
    KPI,
    MERGED,
    ORGANISATIONS,
    PLACE,
    PUBLISHED,
    RESPONSE,
    SAME,
    TOTAL,
    Check,
    same,
)

KEY = (*CELL, "metric")
STUDENT = (
    *(1.959963984540, 2.372271230, 2.822498616, 2.555849680, 1.589534053),
    *(0.734070490, 0.654176270, -0.312500850, 0.353705180),
)
"""The 97.5 % quantile of Student's t, by powers of 1/df."""
LONE = (pl.col("n") < 2).fill_null(value=False)  # noqa: PLR2004
"""One answer has no spread: neither a margin nor a test follows from it."""
CLOSE_CALL = 1e-6  # share of a limit within which rounding may turn a test
MINIMUM = 3
LOST = 1e-7  # what a total less one part may lose in its last bits
LIKE = (*(name for name in (*CELL, "metric") if name != "organisation_code"), "group")


def in_time(tables: Mapping[str, pl.DataFrame], name: str) -> list[Check]:
    """(table, what is wrong, rows) of everything in `name` that does not follow."""
    figures = with_errors(tables, name)
    published = figures.filter(pl.col("status") == PUBLISHED)
    found = [
        (name, "value_rounded is not value, rounded", _misrounded(published, tables["dim_metric"])),
        (name, "n_weighted is missing", published.filter(pl.col("n_weighted").is_null())),
        (
            name,
            "margin is missing, or is one of one answer",
            published.filter(pl.col("margin").is_null() != LONE),
        ),
    ]
    periods = tables["dim_period"].select("study", "period", "previous_period", "year_ago_period")
    paired = published.join(periods, on=["study", "period"], how="left")
    for column, value, change, flag in (
        ("previous_period", "previous_value", "change", "change_significant"),
        ("year_ago_period", "year_ago_value", "year_ago_change", "year_ago_significant"),
    ):
        earlier = figures.select(
            pl.col("period").alias(column),
            *(pl.col(k) for k in KEY if k != "period"),
            then="value",
            then_lone=LONE,
            then_error="error",
            then_freedom="freedom",
            then_row=pl.lit(value=True),
        )
        on = [column, *(k for k in KEY if k != "period")]
        rows = paired.join(earlier, on=on, how="left")
        found += _of_pair(name, rows, value, change, flag)
        paired = paired.join(
            earlier.select(*on, pl.col("then_row").alias(f"row_{column}")), on=on, how="left"
        )
    found.append((name, "series_break differs between like rows", _uneven_breaks(paired)))
    return found


def with_errors(tables: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame:
    """Add the population, the squared standard error of the value and its degrees of freedom.

    Null where they do not follow from the margin: in weighted studies the effective n is not
    published, where all invited answered the margin is 0, and one answer has none.
    """
    table = tables[name]
    weighted = table.filter((pl.col("n_weighted") - pl.col("n")).abs() > SAME)["study"].unique()
    n = pl.col("n").cast(pl.Float64)
    enough = pl.when(pl.col("population") >= n).then(pl.col("population"))
    left = ((enough - n) / enough).fill_null(1.0)
    error = (pl.col("margin") / 1.96).pow(2) / left * n / (n - 1)
    follows = ~pl.col("study").is_in(weighted.to_list()) & (left > 0) & (n > 1)
    known = populations(tables, name)
    return table.join(known, on=[*PLACE, "segment"], how="left").with_columns(
        error=pl.when(follows).then(error), freedom=pl.when(follows).then(n - 1)
    )


def populations(tables: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame:
    """People invited, of the places where all answers are theirs; of merged ones in every part."""
    rows = tables[RESPONSE]
    if name == MERGED:
        now = present(tables)
        rows = rows.join(now, on="organisation_code").with_columns(organisation_code="present")
    theirs = pl.col("required_sample").is_not_null() & (
        pl.col("responses_invited") >= pl.col("responses")
    )
    return (
        rows.group_by(PLACE)
        .agg(population=pl.col("invited").sum(), theirs=theirs.fill_null(value=False).all())
        .filter("theirs")
        .select(*PLACE, pl.lit(TOTAL).alias("segment"), "population")
    )


def present(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Say what each organisation has become, at the end of its chain of mergers.

    A merger to come has not happened: whoever has rows of its own in the merged table is there.
    """
    into = tables[ORGANISATIONS].select("organisation_code", "merged_into")
    there = tables[MERGED].select("organisation_code").unique()
    gone = into.join(there, on="organisation_code", how="anti")
    now = into.select("organisation_code", present="organisation_code")
    for _ in range(into.height):
        step = now.join(gone, left_on="present", right_on="organisation_code", how="left")
        moved = step.select("organisation_code", present=pl.coalesce("merged_into", "present"))
        if moved.equals(now):
            break
        now = moved
    return now


def _misrounded(published: pl.DataFrame, metrics: pl.DataFrame) -> pl.DataFrame:
    decimals = metrics.filter(pl.col("family") != "distribution").select(
        "study", "metric", "decimals"
    )
    rows = published.join(decimals, on=["study", "metric"], how="left")
    step = pl.lit(10.0).pow(pl.col("decimals"))
    shown = pl.col("value_rounded") * step
    good = ((shown - shown.round()).abs() < CLOSE_CALL) & (
        (shown - pl.col("value") * step).abs() <= 0.5 + CLOSE_CALL * step
    )
    return rows.filter(~good.fill_null(value=False))


def _of_pair(name: str, rows: pl.DataFrame, value: str, change: str, flag: str) -> list[Check]:
    difference = pl.col("value") - pl.col("then")
    # figures from before and after a break in the series are shown, not compared
    broken = pl.col("series_break").fill_null(value=False) & pl.col(change).is_null()
    spread = pl.col("error").pow(2) / pl.col("freedom") + pl.col("then_error").pow(2) / pl.col(
        "then_freedom"
    )
    untested = LONE | pl.col("then_lone").fill_null(value=False)
    wrong = misjudged(
        pl.col(flag),
        pl.when(~untested).then(pl.col(change)),
        pl.col("error") + pl.col("then_error"),
        spread,
    )
    return [
        (
            name,
            f"{value} is not that figure as published",
            rows.filter(~same(pl.col(value), pl.col("then"))),
        ),
        (
            name,
            f"{change} is not value - {value}",
            rows.filter(~(same(pl.col(change), difference) | broken)),
        ),
        (name, f"{flag} does not follow from published figures", rows.filter(wrong)),
    ]


def misjudged(flag: pl.Expr, difference: pl.Expr, error: pl.Expr, spread: pl.Expr) -> pl.Expr:
    """Whether a significance flag is not what Welch's test gives; null exactly with `difference`.

    t is the expansion in 1/df of `student_t_975`; close calls and errors that do not follow
    from what is published are let pass.
    """
    df = error.pow(2) / spread
    t = sum((term / df.pow(i) for i, term in enumerate(STUDENT)), pl.lit(0.0))
    limit = pl.when(error > 0).then(t * error.sqrt()).otherwise(pl.lit(SAME))
    clear = (difference.abs() - limit).abs() > CLOSE_CALL * (limit + difference.abs()) + SAME
    turned = error.is_not_null() & clear & (flag != (difference.abs() > limit))
    one_null = flag.is_null() != difference.is_null()
    return one_null | turned.fill_null(value=False)


def _uneven_breaks(paired: pl.DataFrame) -> pl.DataFrame:
    """Find unlike marks: the codebook alone breaks a series, for all rows compared alike."""
    like = ("study", "metric", "period", "row_previous_period", "row_year_ago_period")
    alone = pl.col("row_previous_period").is_null() & pl.col("row_year_ago_period").is_null()
    mark = pl.col("series_break")
    return paired.filter(
        mark.is_null() | (mark.n_unique().over(like) > 1) | (alone & mark.fill_null(value=False))
    )


def with_others(tables: Mapping[str, pl.DataFrame], minimum: Mapping[str, int]) -> list[Check]:
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
        wrong.append(_benchmark_checks(rows))
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


def _benchmark_checks(rows: pl.DataFrame) -> list[Check]:
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
