"""Reads what is published, as additive figures: one row per cell and measure.

Belongs here: the tables of a release, and what a row of theirs says about sums. Does not belong
here: combining rows.

Every published row gives linear knowledge. A mean on a scale from low to high is worth two
nonnegative sums: of (score - low) / (high - low) and of (high - score) / (high - low), here called
`top` and `bottom`; top + bottom = n, and a share is the case in which both are counts. The margin
gives the sum of squares (`int_figures`: 1.96 sqrt(variance / n) sqrt((N - n) / N), N the invited
where the answers are theirs), so scores that are low, 0 or high = -low fall apart into three
counts: `plus`, `zero`, `minus`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.disclosure.attack.layout import (
    BASE,
    CLOSE,
    INVITED,
    OF_QUESTION,
    TOTAL,
    Layout,
)

PARQUET_FOLDER = "parquet"
PUBLISHED = "published"
KPI, DISTRIBUTION = "mart_kpi", "mart_distribution"
RESPONSE, FUNNEL = "mart_response", "mart_response_funnel"
METHOD = "method"
"""The breakdown by method of approach; it has the people invited only."""

PERIOD = ("study", "organisation_code", "period")
PLACE = (*PERIOD, "channel", "product_code")
CELL = Layout().cell
SEPARATE = 1e-3
"""A count of respondents that is further from whole is no count."""
ROW = {
    **dict.fromkeys((*CELL, "measure", "answer"), pl.String),
    "vintage": pl.Int32,
    "hidden": pl.Boolean,
    **dict.fromkeys(("n", "weight", "top", "bottom", "plus", "zero", "minus"), pl.Float64),
}
"""Columns of the figures; those of hidden rows are null."""

KEYS = {
    KPI: (*CELL, "segment_value", "metric"),
    DISTRIBUTION: (*CELL, "segment_value", "metric", "answer"),
    RESPONSE: PLACE,
    FUNNEL: (*PERIOD, "method"),
}
WANTED = {
    KPI: ("n", "n_weighted", "value", "margin"),
    DISTRIBUTION: ("n", "share"),
    RESPONSE: ("invited", "responses", "responses_invited", "required_sample"),
    FUNNEL: ("responses_invited",),
}


def read_release(folder: Path) -> Mapping[str, pa.Table]:
    """Read every published table of the release in `folder`, by name.

    Raises:
        ValueError: the folder holds no tables, or one that cannot be read.

    """
    files = sorted((folder / PARQUET_FOLDER).glob("*.parquet"))
    if not files:
        raise ValueError(f"{folder / PARQUET_FOLDER} holds no published tables")
    tables = {}
    for file in files:
        try:
            tables[file.stem] = pq.read_table(file)
        except (OSError, pa.ArrowException) as fault:
            raise ValueError(f"{file} cannot be read ({fault})") from fault
    return tables


def figures_of(tables: Mapping[str, pa.Table], scales: pa.Table, *, vintage: int = 0) -> pa.Table:
    """Return the additive figures of published tables, for `attack`.

    Of the tables it reads these columns, and no others. Those of the key and `status` are text and
    must be there; the others are numbers, and one that is not there is unknown:

    - `mart_kpi`: study, organisation_code, period, channel, product_code, segment, segment_value,
      metric, status; n, n_weighted (else n), value, margin;
    - `mart_distribution`: the same key and status, and answer; n, share;
    - `mart_response`: study, organisation_code, period, channel, product_code, status; invited,
      responses, responses_invited, required_sample;
    - `mart_response_funnel`: study, organisation_code, period, method, status; responses_invited.

    A row whose status is not `published` is hidden.

    Args:
        tables: the published tables by name; a table that is not there has no figures.
        scales: study, metric, kind (`mean`, `net`, `share` or `distribution`), low, high: what
            scores each metric can have.
        vintage: 0 for what is under attack; 1 and up for earlier vintages, the oldest first.

    Raises:
        ValueError: a metric without a scale, or a published row without a figure.

    """
    responses = _wanted(tables, RESPONSE)
    kpi = _kpi(_wanted(tables, KPI), responses, pl.DataFrame(scales))
    parts = [
        kpi,
        *_counts(responses, tables[RESPONSE].column_names if RESPONSE in tables else ()),
        _methods(_wanted(tables, FUNNEL)),
        *_distributions(_wanted(tables, DISTRIBUTION), kpi),
    ]
    rows = [part.with_columns(vintage=vintage).select(_as_row(part)) for part in parts]
    return pl.concat(rows).to_arrow()


def _as_row(part: pl.DataFrame) -> list[pl.Expr]:
    return [
        (pl.col(name) if name in (*part.columns, "vintage") else pl.lit(None))
        .cast(kind)
        .alias(name)
        for name, kind in ROW.items()
    ]


def _wanted(released: Mapping[str, pa.Table], name: str) -> pl.DataFrame:
    """Return the columns of a table that the attack reads; a column that is not there is null."""
    keys = (*KEYS[name], "status")
    wanted = {**dict.fromkeys(keys, pl.String), **dict.fromkeys(WANTED[name], pl.Float64)}
    frame = pl.DataFrame(released[name]) if name in released else pl.DataFrame(schema=wanted)
    missing = [key for key in keys if key not in frame.columns]
    if missing:
        raise ValueError(f"{name} has no column {', '.join(missing)}")
    rows = frame.select(
        (pl.col(column) if column in frame.columns else pl.lit(None)).cast(kind).alias(column)
        for column, kind in wanted.items()
    ).with_columns(hidden=pl.col("status") != PUBLISHED)
    if "segment" not in keys:
        return rows
    parts = pl.concat_str("segment", "segment_value", separator="=")
    return rows.with_columns(
        segment=pl.when(pl.col("segment") == TOTAL).then("segment").otherwise(parts)
    )


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


def _counts(responses: pl.DataFrame, columns: Collection[str]) -> list[pl.DataFrame]:
    """Return the counts of respondents in `mart_response`, where a study has or hides them.

    A published row may lack its invitations. A study has none if none is given
    and no row is hidden, or if there is no column for them.
    """
    has = pl.col("hidden").any().over("study")
    return [
        responses.filter(
            has & (name in columns) | pl.col(name).is_not_null().any().over("study")
        ).select(
            *PLACE,
            pl.col("hidden") | pl.col(name).is_null(),
            pl.lit(TOTAL).alias("segment"),
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
        pl.format("{}={}", pl.lit(METHOD), "method").alias("segment"),
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
