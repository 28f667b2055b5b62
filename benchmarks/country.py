"""A made-up country of municipalities, as large as the real one, to measure disclosure control on.

Belongs here: respondents per cell, their grades, and the tables that a release would show of them.
Does not belong here: measuring (disclosure.py).

Each municipality has 3 channels x 15 products x 4 quarters, with totals on each: 320 cells. Sizes
are lognormal by municipality, channel and product, so that more than a third of all cells have 1
to 9 respondents. Nothing in it is about anybody.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

STUDY = "country"
CHANNELS = ("counter", "telephone", "digital")
PRODUCTS = tuple(f"product {number:02d}" for number in range(1, 16))
QUARTERS = tuple(f"2020Q{number}" for number in range(1, 5))
YEAR = "2020"
GRADES = np.arange(1, 11)
QUESTIONS = ("grade", "waiting", "kindness", "expertise", "opening hours")
ITEM_RESPONSE = 0.92
CELLS_PER_ORGANISATION = (len(CHANNELS) + 1) * (len(PRODUCTS) + 1) * (len(QUARTERS) + 1)
CELL = (
    "study",
    "organisation_code",
    "period",
    "channel",
    "product_code",
    "segment",
)
TYPICAL = 1.9
"""Logarithm of the typical number of respondents of a leaf."""

Counts = npt.NDArray[np.int64]


def respondents_of(organisations: int, seed: int) -> Counts:
    """Draw the respondents of every leaf, shape (organisations, channels, products, quarters)."""
    rng = np.random.default_rng(seed)
    size = (
        TYPICAL
        + rng.normal(0, 1.1, (organisations, 1, 1, 1))
        + rng.normal(0, 0.6, (organisations, len(CHANNELS), 1, 1))
        + rng.normal(0, 1.0, (organisations, 1, len(PRODUCTS), 1))
        + rng.normal(0, 0.3, (organisations, len(CHANNELS), len(PRODUCTS), len(QUARTERS)))
    )
    return rng.poisson(np.exp(size))


def answers(respondents: Counts, seed: int) -> Counts:
    """Draw how many gave each grade to one question, the shape of `respondents` and ten behind."""
    rng = np.random.default_rng(seed)
    answered = rng.binomial(respondents, ITEM_RESPONSE)
    typical = rng.normal(7.6, 0.4, (len(respondents), 1, len(PRODUCTS), 1, 1))
    likely = np.exp(-0.5 * ((GRADES - typical) / 1.4) ** 2)
    likely /= likely.sum(axis=-1, keepdims=True)
    shape = (*respondents.shape, len(GRADES))
    return rng.multinomial(answered, np.broadcast_to(likely, shape))


def with_totals(leaves: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Put the total before each of the three axes that cells are added up over."""
    for axis in (1, 2, 3):
        leaves = np.concatenate([leaves.sum(axis=axis, keepdims=True), leaves], axis=axis)
    return leaves


def country(organisations: int, seed: int) -> pa.Table:
    """Return the cells of a country, as `protect` wants them: respondents and five grades."""
    respondents = respondents_of(organisations, seed)
    n = with_totals(respondents).ravel()
    axes = (
        [f"GM{number:04d}" for number in range(1, organisations + 1)],
        ["all", *CHANNELS],
        ["all", *PRODUCTS],
        [YEAR, *QUARTERS],
    )
    names = ("organisation_code", "channel", "product_code", "period")
    places = np.indices([len(axis) for axis in axes]).reshape(len(axes), -1)
    keys = pl.DataFrame(
        {name: np.array(axis)[at] for name, axis, at in zip(names, axes, places, strict=True)}
    ).with_columns(study=pl.lit(STUDY), segment=pl.lit("all"))
    there = pl.Series(n > 0)
    parts = [_measure(keys, "responses", "count", n).filter(there)]
    for number, question in enumerate(QUESTIONS, start=1):
        grades = answers(respondents, seed + number)
        total, squared = ((grades * GRADES**power).sum(axis=-1) for power in (1, 2))
        rows = _measure(keys, question, "mean", with_totals(grades.sum(axis=-1)).ravel())
        parts.append(
            rows.with_columns(
                total=pl.Series(with_totals(total).ravel().astype(float)),
                total_squared=pl.Series(with_totals(squared).ravel().astype(float)),
                low=pl.lit(1.0),
                high=pl.lit(10.0),
            ).filter(there)
        )
    return pl.concat(parts, how="diagonal").to_arrow()


def _measure(keys: pl.DataFrame, name: str, kind: str, n: Counts) -> pl.DataFrame:
    return keys.select(*CELL).with_columns(
        disclosure_group=pl.lit(name),
        measure=pl.lit(name),
        kind=pl.lit(kind),
        answer=pl.lit(None, pl.String),
        n=pl.Series(n),
        n_effective=pl.Series(n).replace(0, None).cast(pl.Float64),
        weight=pl.Series(n.astype(float)),
        total=pl.lit(None, pl.Float64),
        total_squared=pl.lit(None, pl.Float64),
        low=pl.lit(None, pl.Float64),
        high=pl.lit(None, pl.Float64),
    )


def hierarchies() -> pa.Table:
    """Return how the cells add up."""
    trees = (("channel", "all", CHANNELS), ("product_code", "all", PRODUCTS))
    rows = [
        (STUDY, dimension, dimension, parent, child)
        for dimension, parent, children in (*trees, ("period", YEAR, QUARTERS))
        for child in children
    ]
    names = ("study", "dimension", "partition", "parent", "child")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row").to_arrow()


def scales() -> pa.Table:
    """Return what the codebook tells of the questions."""
    columns = {"study": STUDY, "kind": "mean", "low": 1.0, "high": 10.0}
    return pl.DataFrame([columns | {"metric": question} for question in QUESTIONS]).to_arrow()


def released(cells: pa.Table, pattern: pa.Table) -> dict[str, pa.Table]:
    """Return what a reader would see: a row per cell, with figures where they are published."""
    shown = pl.DataFrame(pattern).select(*CELL, "disclosure_group", "status")
    rows = pl.DataFrame(cells).join(shown, on=[*CELL, "disclosure_group"], how="left")
    rows = rows.with_columns(status=pl.col("status").fill_null("suppressed"))
    visible = pl.col("status") == "published"
    value = pl.col("total") / pl.col("n")
    spread = (pl.col("total_squared") / pl.col("n") - value.pow(2)).clip(0).sqrt()
    kpi = rows.filter(pl.col("measure") != "responses").select(
        *CELL,
        "status",
        segment_value=pl.lit("all"),
        metric="measure",
        n=pl.when(visible).then("n"),
        value=pl.when(visible).then(value),
        margin=pl.when(visible).then(1.96 * spread / pl.col("n").sqrt()),
    )
    responses = rows.filter(pl.col("measure") == "responses").select(
        *CELL[:5], "status", responses=pl.when(visible).then("n")
    )
    return {"mart_kpi": kpi.to_arrow(), "mart_response": responses.to_arrow()}
