"""Rules on the rows themselves: which are published, and whether hidden ones are all there.

Belongs here: comparing rows with the truth. Does not belong here: intervals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.disclosure.attack.limits import is_primary
from dagster_project.disclosure.attack.names import BASE, CELL, CLOSE, INVITED, OF_QUESTION

if TYPE_CHECKING:
    from dagster_project.disclosure.attack.judge import Evidence

KEY = (*CELL, "measure")
VALUES = ("n", "weight", "top", "bottom")


def small_published(evidence: Evidence) -> pl.DataFrame:
    """Return published figures on too few respondents: by the n they show, or by the truth.

    A frozen figure shows what an earlier release showed, so it is not held against the truth of
    today.
    """
    shown = evidence.shown.filter(~pl.col("hidden"))
    now = shown.filter(pl.col("release") == 0)
    earlier = shown.filter(pl.col("release") < 0).select(*KEY, "answer", *VALUES).unique()
    frozen = now.join(earlier, on=[*KEY, "answer", *VALUES], how="semi", nulls_equal=True)
    # fewest invited who answered is a count of respondents too; 0 tells of nobody
    by_n = now.join(evidence.rules, on="study").filter(
        (pl.col("n") >= 1) & (pl.col("n") < pl.col("min_n"))
    )
    small = (
        evidence.truth.filter(pl.col("release") == 0)
        .join(evidence.rules, on="study")
        .filter(is_primary())
        .select(*KEY, true_n="n")
        .unique()
    )
    fresh = now.join(frozen, on=[*KEY, "answer"], how="anti", nulls_equal=True)
    by_truth = fresh.join(small, on=KEY)
    parts = [by_n.with_columns(true_n=pl.col("n").cast(pl.Int64)), by_truth]
    return pl.concat(
        [
            part.select(
                pl.lit("small_published").alias("rule"),
                *KEY,
                "release",
                pl.format("published on {} respondents", pl.col("true_n").cast(pl.Int64)).alias(
                    "what"
                ),
                pl.lit("").alias("equation"),
            )
            for part in parts
        ]
    ).unique(maintain_order=True)


def missing_rows(evidence: Evidence) -> pl.DataFrame:
    """Hidden cells that lack the row of something asked there: nobody answered it, then.

    A cell with too few respondents is hidden in its base group, and so in every other.
    """
    truth = evidence.truth.filter(pl.col("release") == 0)
    small = (
        truth.join(evidence.rules, on="study")
        .filter((pl.col("measure") == BASE) & is_primary())
        .select(CELL)
    )
    expected = truth.filter(~pl.col("measure").is_in([BASE, INVITED])).join(
        small, on=CELL, how="semi"
    )
    answers = pl.when(pl.col("measure").str.starts_with(OF_QUESTION)).then(pl.col("answer"))
    shown = evidence.shown.filter(pl.col("release") == 0).with_columns(answer=answers)
    lacking = expected.join(shown, on=[*KEY, "answer"], how="anti", nulls_equal=True)
    return lacking.select(
        pl.lit("missing_row").alias("rule"),
        *KEY,
        "release",
        pl.lit("hidden cell without a row for this: nobody answered it").alias("what"),
        pl.lit("").alias("equation"),
    ).unique(maintain_order=True)


def differ(left: str = "", right: str = "_then") -> pl.Expr:
    """Whether two published figures are not the same."""
    apart = [
        (pl.col(f"{name}{left}") - pl.col(f"{name}{right}")).abs() > CLOSE
        for name in ("n", "weight", "top", "bottom", "plus", "minus")
    ]
    return pl.any_horizontal(part.fill_null(value=False) for part in apart)
