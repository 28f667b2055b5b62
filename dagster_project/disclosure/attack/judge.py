"""Compares what an attacker can work out with the truth, and says what must not be.

Belongs here: the verdict on a release as a whole. Does not belong here: attacking it. Violations
name cells and true figures: they are internal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack.figures import figures, of_their_time
from dagster_project.disclosure.attack.judge_intervals import (
    exact_figures,
    narrow_means,
    narrow_respondents,
    not_attacked,
)
from dagster_project.disclosure.attack.judge_left_of_changes import left_of_changes
from dagster_project.disclosure.attack.judge_published import (
    missing_rows,
    small_published,
    unfounded,
)
from dagster_project.disclosure.attack.judge_remainders import remainders
from dagster_project.disclosure.attack.judge_restated import changes, restated
from dagster_project.disclosure.attack.limits import Limits, limits_frame
from dagster_project.disclosure.attack.names import CELL, CLOSE, OF_QUESTION
from dagster_project.disclosure.attack.run import Intervals

KINDS = ("count", "mean", "net", "share", "distribution")


@dataclass(frozen=True)
class Violation:
    """Something that a release must not tell.

    `rule` is one of `exact`, `narrow`, `narrow_mean`, `remainder`, `same_score`, `change`,
    `restated`, `small_published`, `unfounded`, `missing_row`, `not_attacked`, `extreme_share` and
    `contradiction`; `cell` has the columns of a cell, `release` is 0 or that of an earlier release
    (-1 the newest), `what` says it in words and `equation` how it follows.
    """

    rule: str
    cell: tuple[str, ...]
    measure: str
    release: int
    what: str
    equation: str


@dataclass(frozen=True)
class Evidence:
    """What the rules are judged on, as tables of polars.

    `published` has the figures of all releases (column `release`, 0 and below) as they read,
    `shown` those of their own time (the others are hidden there), `truth` the true cells with the
    release they belong to, `rules` the limits by study. `vintage` says which figures are of their
    time; without it, the truth of an earlier release may be what a later one shows.
    """

    intervals: pl.DataFrame
    published: pl.DataFrame
    shown: pl.DataFrame
    truth: pl.DataFrame
    rules: pl.DataFrame
    touched: pl.DataFrame | None
    hierarchies: pl.DataFrame
    vintage: pl.DataFrame | None

    def of_that_time(self) -> pl.Expr:
        """Whether the truth of `truth_release` is what an interval of `release` is about."""
        same = pl.col("truth_release") == pl.col("release")
        if self.vintage is not None:
            return same
        return (pl.col("truth_release") < pl.col("release")) | same | (pl.col("release") == 0)


def judge(
    intervals: Intervals,
    released: Mapping[str, pa.Table],
    ledger: Sequence[Mapping[str, pa.Table]],
    cells: pa.Table,
    *,
    hierarchies: pa.Table,
    scales: pa.Table,
    limits: Mapping[str, Limits],
    touched: pa.Table | None = None,
    history: pa.Table | None = None,
    vintage: pa.Table | None = None,
) -> list[Violation]:
    """Find everything that the release lets an attacker know and should not.

    Args:
        intervals: what the attacker worked out of `released` and `ledger`.
        released: the published tables of the release by name.
        ledger: the same of every earlier release, oldest first.
        cells: the true cells: the columns of a cell, disclosure_group, measure, kind, answer, n,
            n_effective, weight, total, total_squared, low, high.
        hierarchies: study, dimension, partition, parent, child.
        scales: study, metric, kind, low, high.
        limits: the rules of every study.
        touched: the columns of a cell, measure, version (1 is the oldest release), touched.
        history: the true cells at earlier releases, as `cells` with `version`.
        vintage: what the attack was told of frozen figures, and `decided`: which figures of the
            release may be shown at all.

    Returns:
        The violations; none if the release may go out.

    """
    with_remainders = {study for study, one in limits.items() if one.remainders}
    dated = None if vintage is None else pl.DataFrame(vintage)
    published = [figures(one, pl.DataFrame(scales)) for one in (released, *reversed(ledger))]
    evidence = Evidence(
        pl.DataFrame(intervals.table).with_columns(pl.col("release").cast(pl.Int64)),
        _numbered(published),
        _numbered(_dated(published, dated)),
        _truth(cells, history, len(ledger)),
        limits_frame(limits, set(pl.DataFrame(cells)["study"])),
        None if touched is None else _at_release(pl.DataFrame(touched), len(ledger)),
        pl.DataFrame(hierarchies),
        dated,
    )
    found = [
        exact_figures(evidence),
        narrow_respondents(evidence),
        narrow_means(evidence),
        not_attacked(evidence),
        small_published(evidence),
        unfounded(evidence),
        missing_rows(evidence),
        changes(evidence),
        restated(evidence),
        remainders(evidence, with_remainders),
        left_of_changes(evidence, with_remainders),
        _told_shares(
            intervals,
            scales,
            cells,
            {study for study, one in limits.items() if one.protect_extreme_shares},
        ),
    ]
    return [*_violations(found), *_contradictions(intervals)]


def count_extreme_shares(intervals: Intervals, scales: pa.Table) -> int:
    """Count hidden shares of which it is certain that nobody, or everybody, is part of them.

    They are conceded, and reported, unless a study protects them.
    """
    return _extreme_shares(intervals, scales).select(*CELL, "measure", "answer").n_unique()


def _extreme_shares(intervals: Intervals, scales: pa.Table) -> pl.DataFrame:
    """Intervals of this release that leave a share, or that of an answer, at 0 % or 100 %."""
    kinds = pl.DataFrame(scales).select("study", "kind", "high", measure="metric")
    rows = (
        pl.DataFrame(intervals.table)
        .filter(pl.col("exact") & (pl.col("release") == 0))
        .rename({"high": "above"})
        .join(kinds, on=["study", "measure"], how="left")
    )
    answer = pl.col("measure").str.starts_with(OF_QUESTION)
    share = pl.col("kind") == "share"
    none = (pl.col("figure") == "total") & (pl.col("above").abs() < CLOSE)
    every = (pl.col("figure") == "mean") & ((pl.col("above") - pl.col("high")).abs() < CLOSE)
    return rows.filter((answer & none) | (share & (none | every)))


def _told_shares(
    intervals: Intervals, scales: pa.Table, cells: pa.Table, studies: set[str]
) -> pl.DataFrame:
    """Shares that are certain in a study that protects them, in cells where somebody answered."""
    answered = pl.DataFrame(cells).filter((pl.col("kind") == "share") & (pl.col("n") > 0))
    rows = _extreme_shares(intervals, scales).filter(
        pl.col("study").is_in(sorted(studies)) & (pl.col("kind") == "share")
    )
    return rows.join(answered.select(*CELL, "measure"), on=[*CELL, "measure"], how="semi").select(
        pl.lit("extreme_share").alias("rule"),
        *CELL,
        "measure",
        pl.col("release").cast(pl.Int64),
        pl.format("everybody scores {} ({})", "above", "assumption").alias("what"),
        "equation",
    )


def _dated(
    published: Sequence[pl.DataFrame], vintage: pl.DataFrame | None
) -> Sequence[pl.DataFrame]:
    if vintage is None:
        return published
    return [of_their_time(frame, vintage, back) for back, frame in enumerate(published)]


def _numbered(releases: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(
        frame.with_columns(release=pl.lit(-back, dtype=pl.Int64))
        for back, frame in enumerate(releases)
    )


def _truth(cells: pa.Table, history: pa.Table | None, releases: int) -> pl.DataFrame:
    now = pl.DataFrame(cells).with_columns(release=pl.lit(0, dtype=pl.Int64))
    then = [] if history is None else [_at_release(pl.DataFrame(history), releases)]
    columns = [name for name in now.columns if all(name in part.columns for part in then)]
    truth = pl.concat([part.select(columns) for part in (now, *then)], how="vertical_relaxed")
    return truth.filter(pl.col("kind").is_in(KINDS))


def _at_release(frame: pl.DataFrame, releases: int) -> pl.DataFrame:
    return frame.with_columns(release=pl.col("version").cast(pl.Int64) - releases - 1)


def _violations(found: list[pl.DataFrame]) -> list[Violation]:
    columns = ("rule", *CELL, "measure", "release", "what", "equation")
    rows = pl.concat([part.select(columns) for part in found]).unique(maintain_order=True)
    return [
        Violation(rule, tuple(rest[:7]), rest[7], rest[8], rest[9], rest[10] or "")
        for rule, *rest in rows.iter_rows()
    ]


def _contradictions(intervals: Intervals) -> list[Violation]:
    """Figures that cannot be true at once could not be attacked, and so prove nothing."""
    return [
        Violation(
            "contradiction",
            (study, *organisation, *(("all",) * (6 - len(organisation)))),
            measure,
            0,
            "published figures contradict each other, so the attack could not use them",
            "",
        )
        for (study, *organisation), measure in (
            (name.split(" ", 1), measure) for name, measure in intervals.contradictions
        )
    ]
