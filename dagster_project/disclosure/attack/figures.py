"""Turns the published tables of one release into additive figures, one row per cell and measure.

Belongs here: what a row of a mart says about sums. Does not belong here: combining rows.

Every published row gives linear knowledge. A mean on a scale from low to high is worth two
nonnegative sums: of (score - low) / (high - low) and of (high - score) / (high - low), here called
`top` and `bottom`; top + bottom = n, and a share is the case in which both are counts. The margin
gives the sum of squares (`int_figures`: 1.96 sqrt(variance / n) sqrt((N - n) / N), N the invited
where the answers are theirs), so scores that are low, 0 or high = -low fall apart into three
counts: `plus`, `zero`, `minus`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack.names import (
    BASE,
    CELL,
    CLOSE,
    DISTRIBUTION,
    FUNNEL,
    INVITED,
    KPI,
    METHOD,
    OF_QUESTION,
    PUBLISHED,
    RESPONSE,
    TOTAL,
)

SEPARATE = 1e-3  # a count of respondents that is further from whole is no count
ROW = {
    **dict.fromkeys(CELL, pl.String),
    "measure": pl.String,
    "answer": pl.String,
    "hidden": pl.Boolean,
    "n": pl.Float64,
    "weight": pl.Float64,
    "top": pl.Float64,
    "bottom": pl.Float64,
    "plus": pl.Float64,
    "zero": pl.Float64,
    "minus": pl.Float64,
}
"""Columns of the result; figures of hidden rows are null."""

PERIOD = ("study", "organisation_code", "period")
PLACE = (*PERIOD, "channel", "product_code")
KEYS = {
    KPI: (*CELL, "metric"),
    DISTRIBUTION: (*CELL, "metric", "answer"),
    RESPONSE: PLACE,
    FUNNEL: (*PERIOD, "method"),
}
WANTED = {
    KPI: {"n": pl.Float64, "n_weighted": pl.Float64, "value": pl.Float64, "margin": pl.Float64},
    DISTRIBUTION: {"n": pl.Float64, "share": pl.Float64},
    RESPONSE: {
        "invited": pl.Float64,
        "responses": pl.Float64,
        "responses_invited": pl.Float64,
        "required_sample": pl.Float64,
    },
    FUNNEL: {"responses_invited": pl.Float64},
}


def figures(released: Mapping[str, pa.Table], scales: pl.DataFrame) -> pl.DataFrame:
    """Read the additive figures of a release.

    Args:
        released: the published tables by name; a table that is not there has no figures.
        scales: study, metric, kind (`mean`, `net` or `share`), low and high of the score.

    Returns:
        One row per cell and measure (and answer of a distribution), with the columns of `ROW`.

    Raises:
        ValueError: a metric without a scale, or a published row without a figure.

    """
    responses = _wanted(released, RESPONSE)
    kpi = _kpi(_wanted(released, KPI), responses, scales)
    parts = [
        kpi,
        *_counts(responses),
        _methods(_wanted(released, FUNNEL)),
        *_distributions(_wanted(released, DISTRIBUTION), kpi),
    ]
    return pl.concat([part.select(_as_row(part)) for part in parts])


def _as_row(part: pl.DataFrame) -> list[pl.Expr]:
    return [
        (pl.col(name) if name in part.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in ROW.items()
    ]


def _wanted(released: Mapping[str, pa.Table], name: str) -> pl.DataFrame:
    """Return the columns of a table that the attack reads; a column that is not there is null."""
    keys = (*KEYS[name], "status")
    wanted = {**dict.fromkeys(keys, pl.String), **WANTED[name]}
    if name not in released:
        return pl.DataFrame(schema={**wanted, "hidden": pl.Boolean})
    frame = pl.DataFrame(released[name])
    missing = [key for key in keys if key not in frame.columns]
    if missing:
        raise ValueError(f"{name} has no column {', '.join(missing)}")
    return frame.select(
        (pl.col(column) if column in frame.columns else pl.lit(None)).cast(kind).alias(column)
        for column, kind in wanted.items()
    ).with_columns(hidden=pl.col("status") != PUBLISHED)


def _kpi(kpi: pl.DataFrame, responses: pl.DataFrame, scales: pl.DataFrame) -> pl.DataFrame:
    population = responses.filter(
        pl.col("required_sample").is_not_null()
        & (pl.col("responses_invited") >= pl.col("responses"))
    ).select(*PLACE, pl.lit(TOTAL).alias("segment"), population="invited")
    known = scales.filter(pl.col("kind") != "distribution").select(
        "study", "metric", "kind", "low", "high"
    )
    rows = (
        kpi.join(known, on=["study", "metric"], how="left")
        .join(population, on=[*PLACE, "segment"], how="left")
        .with_columns(population=pl.when(pl.col("population") >= pl.col("n")).then("population"))
    )
    unknown = sorted(set(rows.filter(pl.col("kind").is_null())["metric"]))
    if unknown:
        raise ValueError(f"no scale for metric {', '.join(unknown)}")
    if rows.filter(~pl.col("hidden") & (pl.col("n").is_null() | pl.col("value").is_null())).height:
        raise ValueError(f"{KPI} has a published row without n or value")
    width = pl.col("high") - pl.col("low")
    return (
        rows.with_columns(weight=pl.coalesce("n_weighted", "n"), measure="metric")
        .with_columns(
            top=pl.col("weight") * (pl.col("value") - pl.col("low")) / width,
            bottom=pl.col("weight") * (pl.col("high") - pl.col("value")) / width,
        )
        .with_columns(_three_counts())
    )


def _three_counts() -> list[pl.Expr]:
    """Count high, 0 and low scores from value and margin; null where that does not follow.

    One answer has no margin, and its value is its score.
    """
    n, value, high = pl.col("n"), pl.col("value"), pl.col("high")
    variance = pl.when(n < 2).then(0.0).otherwise((pl.col("margin") / 1.96).pow(2) * n)  # noqa: PLR2004
    shrunk = (pl.col("population") - n) / pl.col("population")
    found = pl.lit(None, dtype=pl.Float64)
    follows = (pl.col("kind") == "net") & ((pl.col("weight") - n).abs() <= CLOSE)
    # where a population shrinks the margin, that reading is the right one, if both come out whole
    for squares in (variance + value.pow(2), variance / shrunk + value.pow(2)):
        spread = n * squares / high.pow(2)
        plus = (spread + n * value / high) / 2
        whole = (plus - plus.round()).abs() + (spread - spread.round()).abs() < SEPARATE
        found = pl.when(whole & (spread < n + SEPARATE)).then(spread.round()).otherwise(found)
    spread = pl.when(follows).then(found)
    even = n * value / high
    return [
        ((spread + even) / 2).alias("plus"),
        (n - spread).alias("zero"),
        ((spread - even) / 2).alias("minus"),
    ]


def _counts(responses: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the counts of respondents in `mart_response`, where a study has them.

    A row that is published may be silent about its invitations.
    """
    return [
        responses.filter(pl.col(name).is_not_null().any().over("study")).select(
            *PLACE,
            pl.col("hidden") | pl.col(name).is_null(),
            pl.lit(TOTAL).alias("segment"),
            pl.lit(TOTAL).alias("segment_value"),
            pl.lit(name).alias("measure"),
            n=name,
            weight=name,
        )
        for name in (BASE, INVITED)
    ]


def _methods(funnel: pl.DataFrame) -> pl.DataFrame:
    """Return the people invited who answered, by method; all together are in `mart_response`."""
    return funnel.filter(pl.col("method") != TOTAL).select(
        *PERIOD,
        "hidden",
        pl.lit(TOTAL).alias("channel"),
        pl.lit(TOTAL).alias("product_code"),
        pl.lit(METHOD).alias("segment"),
        pl.col("method").alias("segment_value"),
        pl.lit(INVITED).alias("measure"),
        n=INVITED,
        weight=INVITED,
    )


def _distributions(answers: pl.DataFrame, kpi: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the base of each distribution, and the count of each answer in weights (`top`).

    The table has no weights; where a study has them they are those of the metric on the same
    question, and without one the counts are unknown.
    """
    weighted = set(kpi.filter((pl.col("weight") - pl.col("n")).abs() > CLOSE)["study"])
    weights = kpi.select(*CELL, "metric", pl.col("weight").alias("of_metric"))
    rows = answers.join(weights, on=[*CELL, "metric"], how="left").with_columns(
        measure=pl.concat_str(pl.lit(OF_QUESTION), "metric"),
        weight=pl.when(pl.col("study").is_in(list(weighted)))
        .then(pl.col("of_metric"))
        .otherwise(pl.col("n")),
    )
    if rows.filter(~pl.col("hidden") & (pl.col("n").is_null() | pl.col("share").is_null())).height:
        raise ValueError(f"{DISTRIBUTION} has a published row without n or share")
    bases = rows.sort("hidden").unique([*CELL, "measure"], keep="first", maintain_order=True)
    return [
        bases.drop("answer"),
        rows.with_columns(
            top=pl.col("weight") * pl.col("share") / 100,
            bottom=pl.col("weight") * (1 - pl.col("share") / 100),
        ),
    ]


def of_their_time(figures: pl.DataFrame, vintage: pl.DataFrame, back: int) -> pl.DataFrame:
    """Take for hidden what a release shows as an earlier one had it.

    Args:
        figures: as `figures` returns them, of the release `back` before the one under attack.
        vintage: the columns of a cell, measure, release (0 and below) and `current`: not true of
            a figure that is as an earlier release had it. What it does not name, the release did
            not look at anew, so its rows say nothing of that time and are left out.
        back: 0 for the release under attack, 1 for the newest of the ledger, and so on.

    """
    named = vintage.filter(pl.col("release") == -back).select(*CELL, "measure", "current")
    joined = figures.join(named.unique([*CELL, "measure"]), on=[*CELL, "measure"], how="inner")
    old = ~pl.col("current") | pl.col("hidden")
    values = [name for name, kind in ROW.items() if kind == pl.Float64]
    return joined.with_columns(
        hidden=old, **{name: pl.when(~old).then(name) for name in values}
    ).select(figures.columns)
