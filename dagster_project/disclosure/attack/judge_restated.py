"""Rules on new minus earlier: figures restated for a few touched respondents.

Belongs here: changes between releases. Does not belong here: what one release says on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.disclosure.attack.judge_intervals import NOTICEABLE
from dagster_project.disclosure.attack.judge_published import differ
from dagster_project.disclosure.attack.limits import miss
from dagster_project.disclosure.attack.names import BASE, CELL

if TYPE_CHECKING:
    from dagster_project.disclosure.attack.judge import Evidence

KEY = (*CELL, "measure")
COLUMNS = ("rule", *KEY, "release", "what", "equation")


def restated(evidence: Evidence) -> pl.DataFrame:
    """Cells published in two releases with different figures that few respondents account for.

    An earlier figure counts at the release that first showed it: shown again, it may be frozen.
    """
    few = _few_touched(evidence)
    open_ = evidence.shown.filter(~pl.col("hidden"))
    stated = open_.join(
        open_.with_columns(pl.col("release") + 1),
        on=[*KEY, "answer", "release"],
        how="left",
        nulls_equal=True,
        suffix="_then",
    ).filter(pl.col("n_then").is_null() | differ())
    now = open_.filter(pl.col("release") == 0)
    pairs = now.join(
        stated.filter(pl.col("release") < 0).select(open_.columns),
        on=[*KEY, "answer"],
        nulls_equal=True,
        suffix="_then",
    ).filter(differ())
    found = pairs.drop("release").join(
        few, left_on=[*KEY, "release_then"], right_on=[*KEY, "release"]
    )
    return (
        found.with_columns(release="release_then")
        .select(
            pl.lit("restated").alias("rule"),
            *KEY,
            "release",
            pl.format("{} touched respondents account for the change", "touched").alias("what"),
            pl.format(
                "n {} and {}, earlier n {} and {}",
                "n",
                pl.col("top").round(4),
                "n_then",
                pl.col("top_then").round(4),
            ).alias("equation"),
        )
        .unique([*KEY, "release"], maintain_order=True)
    )


def changes(evidence: Evidence) -> pl.DataFrame:
    """Return changes of hidden cells that can be worked out for a few touched respondents.

    The interval for respondents who were touched is as wide as that for the few of a small cell. It
    need not reach below what the mere appearance of rows shows.
    """
    few = _few_touched(evidence)
    rows = evidence.intervals.filter(pl.col("figure").is_in(["change_n", "change_total"])).join(
        few, on=[*KEY, "release"]
    )
    n = pl.col("figure") == "change_n"
    hit = pl.col("exact") & (
        pl.when(n)
        .then((pl.col("low") - pl.col("touched")).abs() < NOTICEABLE)
        .otherwise(pl.col("low").abs() > NOTICEABLE)
    )
    inside = (pl.col("low") <= pl.col("touched")) & (pl.col("touched") <= pl.col("high"))
    near = (pl.col("high") < pl.col("n") + miss()) | (
        pl.col("low") > pl.max_horizontal(pl.col("n") - miss(), pl.lit(1.0), pl.col("floor"))
    )
    base = pl.col("measure") == BASE
    return rows.filter(hit | (n & base & inside & near)).select(
        pl.lit("change").alias("rule"),
        *KEY,
        "release",
        pl.format(
            "{} for {} touched respondents lies between {} and {}",
            "figure",
            "touched",
            "low",
            "high",
        ).alias("what"),
        "equation",
    )


def _few_touched(evidence: Evidence) -> pl.DataFrame:
    schema = {**dict.fromkeys(KEY, pl.String), "release": pl.Int64, "touched": pl.Int64}
    if evidence.touched is None:
        return pl.DataFrame(schema={**schema, "n": pl.Int64, "width": pl.Float64})
    return (
        evidence.touched.join(evidence.rules, on="study")
        .filter((pl.col("touched") >= 1) & (pl.col("touched") < pl.col("min_n")))
        .select(*KEY, "release", "touched", n="touched", width="width")
    )
