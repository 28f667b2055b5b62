"""Rules on the rows themselves: which are published, and whether hidden ones are all there.

Belongs here: comparing rows with the truth. Does not belong here: intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    now, frozen = _now(evidence), _shown_before(evidence)
    # fewest invited who answered is a count of respondents too; 0 tells of nobody
    fresh = now.join(frozen, on=[*KEY, "answer"], how="anti", nulls_equal=True)
    by_n = fresh.join(evidence.rules, on="study").filter(
        (pl.col("n") >= 1) & (pl.col("n") < pl.col("min_n"))
    )
    small = (
        evidence.truth.filter(pl.col("release") == 0)
        .join(evidence.rules, on="study")
        .filter(is_primary())
        .select(*KEY, true_n="n")
        .unique()
    )
    by_truth = fresh.join(small, on=KEY)
    parts = [by_n.with_columns(true_n=pl.col("n").cast(pl.Int64)), by_truth]
    said = pl.format("published on {} respondents", pl.col("true_n").cast(pl.Int64))
    return pl.concat([_worded(part, "small_published", said) for part in parts]).unique(
        maintain_order=True
    )


def unfounded(evidence: Evidence) -> pl.DataFrame:
    """Return published figures that the pattern hides, and those that no release had before.

    A figure that is not of this release, or of a cell that is gone, must be one that an earlier
    release showed. What the pattern hides and the release shows would also be missing in the
    ledger.
    """
    now = _now(evidence).filter(pl.col("n") != 0)
    if evidence.vintage is None:
        return _worded(now.clear(), "unfounded", "")
    dated = evidence.vintage.filter(pl.col("release") == 0).select(*KEY, "current", "decided")
    rows = now.join(dated, on=KEY, how="left")
    undecided = rows.filter(~pl.col("decided"))
    old = rows.filter(~pl.col("current").fill_null(value=False))
    new = old.join(_shown_before(evidence), on=[*KEY, "answer"], how="anti", nulls_equal=True)
    return pl.concat(
        [
            _worded(undecided, "unfounded", "published, though it was decided to hide it"),
            _worded(new, "unfounded", "published as of an earlier release, but none had it so"),
        ]
    )


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
    said = "hidden cell without a row for this: nobody answered it"
    return _worded(lacking, "missing_row", said).unique(maintain_order=True)


def _now(evidence: Evidence) -> pl.DataFrame:
    """Return the figures that this release shows, of whatever time they are."""
    return evidence.published.filter((pl.col("release") == 0) & ~pl.col("hidden"))


def _shown_before(evidence: Evidence) -> pl.DataFrame:
    """Return the key of figures of this release that an earlier one showed just as they are."""
    earlier = evidence.published.filter((pl.col("release") < 0) & ~pl.col("hidden"))
    pairs = _now(evidence).join(
        earlier.select(*KEY, "answer", *VALUES).unique(),
        on=[*KEY, "answer"],
        nulls_equal=True,
        suffix="_then",
    )
    return pairs.filter(~_apart(VALUES, "", "_then")).select(*KEY, "answer").unique()


def _worded(rows: pl.DataFrame, rule: str, what: str | pl.Expr) -> pl.DataFrame:
    said = pl.lit(what) if isinstance(what, str) else what
    return rows.select(pl.lit(rule).alias("rule"), *KEY, "release", what=said, equation=pl.lit(""))


def differ(left: str = "", right: str = "_then") -> pl.Expr:
    """Whether two published figures are not the same."""
    return _apart((*VALUES, "plus", "minus"), left, right)


def _apart(names: Sequence[str], left: str, right: str) -> pl.Expr:
    apart = [(pl.col(f"{name}{left}") - pl.col(f"{name}{right}")).abs() > CLOSE for name in names]
    return pl.any_horizontal(part.fill_null(value=False) for part in apart)
