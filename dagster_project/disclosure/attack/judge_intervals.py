"""Rules on the attacker's intervals for hidden cells.

Belongs here: exact figures, narrow intervals. Does not belong here: changes between releases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.disclosure.attack.limits import is_primary, miss
from dagster_project.disclosure.attack.names import BASE, CELL, SAME_RESPONDENTS

if TYPE_CHECKING:
    from dagster_project.disclosure.attack.judge import Evidence

KEY = (*CELL, "measure")
NOTICEABLE = 1e-4


def exact_figures(evidence: Evidence) -> pl.DataFrame:
    """Hidden n and totals that have one possible value, and it is the true one.

    Harmless: nobody answered; everybody did who responded; a share of nothing (counted apart); a
    figure published in some release; enough respondents in a cell of which no table lists them. An
    exact value that is not the true one comes of a frozen
    figure taken for a new one and tells nothing, unless there is no earlier release to freeze.
    """
    rows = evidence.intervals.filter(
        pl.col("exact")
        & pl.col("figure").is_in(SAME_RESPONDENTS)
        & (pl.col("low").abs() > NOTICEABLE)
    )
    truth = evidence.truth.select(*KEY, "answer", "kind", "n", "total", truth_release="release")
    joined = rows.join(truth, on=[*KEY, "answer"], how="left", nulls_equal=True).filter(
        pl.col("truth_release").is_null() | evidence.of_that_time()
    )
    true = pl.when(pl.col("figure") == "n").then(pl.col("n")).otherwise(pl.col("total"))
    same = (pl.col("low") - true).abs() <= NOTICEABLE * (1 + true.abs())
    alone = evidence.shown["release"].min() == 0
    leaks = joined.filter(same.fill_null(value=False) | pl.lit(alone) | true.is_null())
    public = _public(evidence)
    told = (
        leaks.join(public, on=[*KEY, "answer", "figure"], nulls_equal=True)
        .filter((pl.col("low") - pl.col("told")).abs() <= NOTICEABLE * (1 + pl.col("told").abs()))
        .select(*KEY, "answer", "figure", "low")
    )
    leaks = leaks.join(told, on=told.columns, how="anti", nulls_equal=True)
    unlisted = _unlisted(evidence).rename({"release": "truth_release"})
    leaks = leaks.join(unlisted, on=[*KEY, "truth_release"], how="anti")
    return leaks.select(
        pl.lit("exact").alias("rule"),
        *KEY,
        "release",
        pl.format("{} = {} follows exactly ({})", "figure", "low", "assumption").alias("what"),
        "equation",
    )


def _unlisted(evidence: Evidence) -> pl.DataFrame:
    """Cells with enough respondents whose number no table has a row for, hidden or not."""
    listed = evidence.shown.filter(pl.col("measure") == BASE).select(CELL).unique()
    large = evidence.truth.join(evidence.rules, on="study").filter(
        (pl.col("measure") == BASE) & ~is_primary()
    )
    return large.join(listed, on=CELL, how="anti").select(*KEY, "release", "n")


def _public(evidence: Evidence) -> pl.DataFrame:
    """Figures that are no secret: published in some release, or its respondents were.

    That everybody answered is no secret either, nor is it where enough responded in a cell of which
    no table lists them.
    """
    open_ = evidence.shown.filter(~pl.col("hidden"))
    scales = evidence.truth.select("study", "measure", "low", "high").unique()
    answered = pl.col("answer").is_not_null()
    total = pl.col("top") * pl.col("high") + pl.col("bottom") * pl.col("low")
    totals = open_.join(scales, on=["study", "measure"]).with_columns(
        figure=pl.lit("total"), told=pl.when(answered).then("top").otherwise(total)
    )
    counts = open_.filter(~answered).with_columns(figure=pl.lit("n"), told="n")
    responded = counts.filter(pl.col("measure") == BASE).select(*CELL, "figure", "told")
    unlisted = _unlisted(evidence).select(*CELL, figure=pl.lit("n"), told=pl.col("n").cast(float))
    everybody = (
        pl.concat([responded, unlisted])
        .join(evidence.intervals.select("study", "measure").unique(), on="study")
        .filter(pl.col("measure") != BASE)
    )
    columns = (*KEY, "answer", "figure", "told")
    everybody = everybody.with_columns(answer=pl.lit(None, dtype=pl.String))
    return pl.concat([part.select(columns) for part in (totals, counts, everybody)]).drop_nulls(
        "told"
    )


def narrow_respondents(evidence: Evidence) -> pl.DataFrame:
    """Intervals for the respondents of a small cell that are too narrow to one side.

    They need not reach below 1, nor below what the mere existence of rows shows.
    """
    rows = _small(evidence, pl.col("measure") == BASE, "n").filter(
        (pl.col("lower") <= pl.col("n")) & (pl.col("n") <= pl.col("upper"))
    )
    down = pl.col("lower") > pl.max_horizontal(pl.col("n") - miss(), pl.lit(1.0), pl.col("floor"))
    up = pl.col("upper") < pl.col("n") + miss()
    return rows.filter(down | up).select(
        pl.lit("narrow").alias("rule"),
        *KEY,
        "release",
        pl.format(
            "{} respondents lie between {} and {} ({})", "n", "lower", "upper", "assumption"
        ).alias("what"),
        "equation",
    )


def narrow_means(evidence: Evidence) -> pl.DataFrame:
    """Intervals for the mean of a small cell that come close to it on both sides."""
    rows = _small(evidence, pl.col("kind").is_in(["mean", "net"]), "mean")
    mean = pl.col("total") / pl.col("weight")
    step = pl.col("mean_share") * (pl.col("high") - pl.col("low")) - NOTICEABLE
    inside = (pl.col("lower") <= mean + NOTICEABLE) & (pl.col("upper") >= mean - NOTICEABLE)
    near = (pl.col("lower") > mean - step) & (pl.col("upper") < mean + step)
    return rows.filter(inside & near).select(
        pl.lit("narrow_mean").alias("rule"),
        *KEY,
        "release",
        pl.format(
            "the mean of {} respondents, {}, lies between {} and {} ({})",
            "n",
            mean.round(4),
            pl.col("lower").round(4),
            pl.col("upper").round(4),
            "assumption",
        ).alias("what"),
        "equation",
    )


def _small(evidence: Evidence, which: pl.Expr, figure: str) -> pl.DataFrame:
    """Intervals of a figure of the small cells, with the truth of that time."""
    small = (
        evidence.truth.join(evidence.rules, on="study")
        .filter(is_primary() & which & pl.col("answer").is_null())
        .rename({"release": "truth_release"})
    )
    intervals = evidence.intervals.filter(pl.col("figure") == figure).select(
        *KEY, "release", "assumption", "equation", "floor", lower="low", upper="high"
    )
    return small.join(intervals, on=KEY).filter(evidence.of_that_time())


def not_attacked(evidence: Evidence) -> pl.DataFrame:
    """Hidden figures of this release for which the attacker has no interval."""
    hidden = evidence.shown.filter(
        (pl.col("release") == 0) & pl.col("hidden") & pl.col("answer").is_null()
    )
    attacked = evidence.intervals.filter(pl.col("release") == 0).select(KEY).unique()
    return hidden.join(attacked, on=KEY, how="anti").select(
        pl.lit("not_attacked").alias("rule"),
        *KEY,
        "release",
        pl.lit("hidden, but the attack has no interval for it").alias("what"),
        pl.lit("").alias("equation"),
    )
