"""Rules on what is left of a published change once the published changes of its parts are taken.

Belongs here: new minus earlier in an equation. Does not belong here: what is left in one release
(judge_remainders), a change on its own (judge_restated).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.disclosure.attack.catalogue import segment_value
from dagster_project.disclosure.attack.names import CELL, CLOSE, DIMENSIONS

if TYPE_CHECKING:
    from dagster_project.disclosure.attack.judge import Evidence

KEY = (*CELL, "measure")
FIGURES = ("n", "weight", "total", "total_squared")
COLUMNS = {
    **dict.fromkeys(("rule", *KEY), pl.String),
    "release": pl.Int64,
    "what": pl.String,
    "equation": pl.String,
}


def left_of_changes(evidence: Evidence, studies: set[str]) -> pl.DataFrame:
    """Return equations in which the parts whose change is not published are of few respondents.

    The change of a cell is published if its figures are, in this release and in the earlier one.
    Parts of which no figure shows a change leave nothing to be worked out.
    """
    nothing = pl.DataFrame(schema=COLUMNS)
    if evidence.touched is None:
        return nothing
    moved = (
        evidence.touched.filter(pl.col("study").is_in(sorted(studies)) & (pl.col("touched") > 0))
        .join(_visible(evidence, evidence.touched), on=[*KEY, "release"], how="left")
        .join(_published(evidence), on=[*KEY, "release"], how="left")
        .with_columns(pl.col("told", "visible").fill_null(value=False), node=segment_value())
        .join(evidence.rules, on="study")
    )
    dimensions = evidence.hierarchies["dimension"].unique().sort()
    return pl.concat([nothing, *(_in_dimension(evidence, moved, one) for one in dimensions)])


def _visible(evidence: Evidence, touched: pl.DataFrame) -> pl.DataFrame:
    """Cells whose true figures are not those of an earlier release; all, if those are unknown."""
    sums = evidence.truth.filter(pl.col("answer").is_null()).select(*KEY, "release", *FIGURES)
    now, then = (sums.filter(part) for part in (pl.col("release") == 0, pl.col("release") < 0))
    if then.is_empty():
        return touched.select(*KEY, "release", visible=pl.lit(value=True))
    releases = then.select("release").unique()
    pairs = (
        now.drop("release")
        .join(releases, how="cross")
        .join(then, on=[*KEY, "release"], how="full", coalesce=True, suffix="_then")
    )
    apart = [
        (pl.col(name).fill_null(0) - pl.col(f"{name}_then").fill_null(0)).abs() > CLOSE
        for name in FIGURES
    ]
    return pairs.select(*KEY, "release", visible=pl.any_horizontal(apart))


def _published(evidence: Evidence) -> pl.DataFrame:
    """Cells whose figures are published in this release and in an earlier one."""
    open_ = evidence.shown.filter(~pl.col("hidden") & pl.col("answer").is_null())
    now = open_.filter(pl.col("release") == 0).select(KEY).unique()
    then = open_.filter(pl.col("release") < 0).select(*KEY, "release").unique()
    return then.join(now, on=KEY, how="semi").with_columns(told=pl.lit(value=True))


def _in_dimension(evidence: Evidence, moved: pl.DataFrame, dimension: str) -> pl.DataFrame:
    own = "node" if dimension == "segment" else dimension
    names = [name for name in ("study", *DIMENSIONS[:4], "node") if name != own]
    on = [*names, "measure", "release"]
    tree = evidence.hierarchies.filter(pl.col("dimension") == dimension).select(
        "study", "partition", "parent", "child"
    )
    parents = moved.filter("told", "visible").rename({own: "parent"})
    children = tree.join(moved, left_on=["study", "child"], right_on=["study", own])
    by = [*on, "partition", "parent"]
    left = children.group_by(by).agg(
        seen=(~pl.col("told") & pl.col("visible")).any(),
        left=pl.col("touched").filter(~pl.col("told")).sum(),
        names=pl.col("child").filter(~pl.col("told")).sort().str.join(" + "),
    )
    return (
        parents.join(left, on=[*on, "parent"])
        .filter("seen", (pl.col("left") >= 1) & (pl.col("left") < pl.col("min_n")))
        .rename({"parent": own})
        .select(
            pl.lit("remainder").alias("rule"),
            *KEY,
            "release",
            pl.format("{} touched respondents are left of the change", "left").alias("what"),
            pl.format(
                "the change of {} = that of the total - that of the other parts", "names"
            ).alias("equation"),
        )
    )
