"""Rules on what is left of a published total once its published parts are subtracted.

Belongs here: remainders in one release and in the change between two. Does not belong here:
intervals of single cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.disclosure.attack.catalogue import segment_value
from dagster_project.disclosure.attack.names import CELL, DIMENSIONS

if TYPE_CHECKING:
    from dagster_project.disclosure.attack.judge import Evidence

NODES = ("study", *DIMENSIONS)
SAME = 1e-9
HALF = 0.5  # respondent: counts that differ less are equal


def remainders(evidence: Evidence, studies: set[str]) -> pl.DataFrame:
    """Equations whose hidden parts are too few people together, or all have the same score."""
    shown = (
        evidence.shown.filter(
            (pl.col("release") == 0)
            & pl.col("answer").is_null()
            & pl.col("study").is_in(sorted(studies))
        )
        .with_columns(node=segment_value())
        .select(*CELL, "measure", "node", "hidden", "n")
    )
    truth = (
        evidence.truth.filter((pl.col("release") == 0) & pl.col("answer").is_null())
        .with_columns(node=segment_value())
        .rename({"n": "true_n"})
        .select(*CELL, "measure", "node", "kind", "true_n", "weight", "total", "total_squared")
    )
    found = [
        _in_dimension(evidence, shown, truth, dimension)
        for dimension in evidence.hierarchies["dimension"].unique().sort()
    ]
    return pl.concat([_none(), *found])


def _none() -> pl.DataFrame:
    columns = ("rule", *CELL, "measure")
    schema = {**dict.fromkeys(columns, pl.String), "release": pl.Int64}
    return pl.DataFrame(schema={**schema, "what": pl.String, "equation": pl.String})


def _in_dimension(
    evidence: Evidence, shown: pl.DataFrame, truth: pl.DataFrame, dimension: str
) -> pl.DataFrame:
    """Every equation over one dimension, by its published parent."""
    own = "node" if dimension == "segment" else dimension
    names = [name for name in (*CELL[:5], "node") if name != own]
    on = [*names, "measure"]
    tree = evidence.hierarchies.filter(pl.col("dimension") == dimension).select(
        "study", "partition", "parent", "child"
    )
    parents = (
        shown.filter(~pl.col("hidden"))
        .join(
            tree.select("study", "partition", "parent").unique(),
            left_on=["study", own],
            right_on=["study", "parent"],
        )
        .rename({own: "parent", "n": "parent_n"})
    )
    children = tree.join(shown, left_on=["study", "child"], right_on=["study", own]).join(
        truth.drop("segment", "segment_value").rename({own: "child"}),
        on=["child", *on],
        how="left",
    )
    by = ["study", *[name for name in on if name != "study"], "partition", "parent"]
    sums = children.group_by(by).agg(
        left=pl.col("true_n").filter("hidden").sum(),
        parts=pl.col("hidden").sum(),
        published=pl.col("n").filter(~pl.col("hidden")).sum(),
        weight=pl.col("weight").filter("hidden").sum(),
        total=pl.col("total").filter("hidden").sum(),
        squares=pl.col("total_squared").filter("hidden").sum(),
        kind=pl.col("kind").first(),
        names=pl.col("child").filter("hidden").sort().str.join(" + "),
    )
    rows = (
        parents.join(sums, on=by)
        .filter((pl.col("parts") > 0) & (pl.col("left") >= 1))
        # frozen figures leave something else than the truth, which tells nothing
        .filter((pl.col("parent_n") - pl.col("published") - pl.col("left")).abs() < HALF)
        .join(evidence.rules, on="study")
    )
    small = rows.filter(pl.col("left") < pl.col("min_n"))
    spread = pl.col("weight") * pl.col("squares") - pl.col("total") ** 2
    alike = rows.filter(
        pl.col("kind").is_in(["mean", "net"])
        & (spread <= SAME * pl.col("weight") * pl.col("squares"))
    )
    texts = (
        ("remainder", small, "are {} respondents together"),
        ("same_score", alike, "are {} respondents with the same score"),
    )
    return pl.concat([_as_violations(rule, part, own, words) for rule, part, words in texts])


def _as_violations(rule: str, rows: pl.DataFrame, own: str, words: str) -> pl.DataFrame:
    named = rows.rename({"parent": own})
    return named.select(
        pl.lit(rule).alias("rule"),
        *CELL,
        "measure",
        pl.lit(0, dtype=pl.Int64).alias("release"),
        pl.format("the hidden parts {} " + words, "names", "left").alias("what"),
        pl.format(
            "{} = {} - {} of the published parts",
            "names",
            pl.col("parent_n").cast(pl.Int64),
            pl.col("published").cast(pl.Int64),
        ).alias("equation"),
    )
