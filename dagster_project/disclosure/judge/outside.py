"""What tables tell that they should not, for a reader who does not have the true cells.

Belongs here: the rules that can be certain without the truth. Does not belong here: the rules that
need it (rules, verdict), working out what is known (`attack`).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack import Attack, Layout
from dagster_project.disclosure.attack.layout import BASE
from dagster_project.disclosure.judge import rules
from dagster_project.disclosure.judge.limits import Limits, limits_frame, with_vintage
from dagster_project.disclosure.judge.verdict import Violation, as_violations, not_usable


def judge_from_outside(
    found: Attack,
    figures: pa.Table,
    scales: pa.Table,
    limits: Mapping[str, Limits],
    *,
    layout: Layout | None = None,
) -> list[Violation]:
    """Find what tables tell for certain and should not, with nothing but the tables.

    The rules are those of `judge`. Where one of them depends on a hidden number, it counts as
    broken only if it is for every number that is possible: so each violation is certain, and there
    may be more that only the maker of the tables can see.

    Args:
        found: what the attack worked out of `figures`.
        figures: what is published, as the attack had it.
        scales: the table column, metric, kind, low, high.
        limits: the rules of every table.
        layout: how cells are named.

    Returns:
        Violations of the rules `exact`, `narrow`, `narrow_mean`, `union`, `small_published`,
        `contradiction` and `limit`, see `Violation`.

    """
    layout = layout or Layout()
    shown = with_vintage(figures)
    numbers = limits_frame(limits, set(shown[layout.table]), layout)
    intervals, unions = (
        with_vintage(one).join(numbers, on=layout.table) for one in (found.intervals, found.unions)
    )
    evidence = rules.Evidence(layout, intervals, unions, shown, shown.clear(), numbers)
    broken = [
        _exact(evidence),
        _narrow(evidence, limits),
        _narrow_means(evidence, pl.DataFrame(scales)),
        rules.unions(evidence, [table for table, one in limits.items() if one.unions]),
        rules.small_by_n(evidence),
    ]
    return [*as_violations(broken), *not_usable(found, layout)]


def _exact(evidence: rules.Evidence) -> pl.DataFrame:
    """Hidden numbers of respondents that have one possible value, and are not nobody."""
    rows = _respondents(evidence).filter(pl.col("exact") & (pl.col("low") > rules.NOTICEABLE))
    what = pl.format("n = {} follows exactly", pl.col("low").cast(pl.Int64))
    return evidence.broken("exact", rows, what, pl.col("equation"))


def _narrow(evidence: rules.Evidence, limits: Mapping[str, Limits]) -> pl.DataFrame:
    """Intervals that come too close to each small number that lies in them."""
    rows = _respondents(evidence).filter(~pl.col("exact"))
    table = evidence.layout.table
    narrow = [
        _too_close(low, high, limits[name])
        for name, low, high in rows.select(table, "low", "high").iter_rows()
    ]
    ends = (pl.col(end).cast(pl.Int64) for end in ("low", "high"))
    what = pl.format("n lies between {} and {}", *ends)
    found = rows.filter(pl.Series(narrow, dtype=pl.Boolean))
    return evidence.broken("narrow", found, what, pl.col("equation"))


def _too_close(low: float, high: float, limits: Limits) -> bool:
    """Whether every small n between the bounds is closer to one of them than the rules allow."""
    if high == float("inf"):
        return False
    small = range(max(1, round(low)), min(limits.min_n - 1, round(high)) + 1)
    return bool(small) and all(
        low > max(n - limits.reach(n), 1) or high < n + limits.reach(n) for n in small
    )


def _narrow_means(evidence: rules.Evidence, scales: pl.DataFrame) -> pl.DataFrame:
    """Means whose interval is so short that each value in it is close to both ends."""
    table = evidence.layout.table
    scored = scales.filter(pl.col("kind").is_in(["mean", "net"])).select(
        table, measure="metric", step=pl.col("high") - pl.col("low")
    )
    people = evidence.intervals.filter(pl.col("figure") == "n").select(*evidence.key, most="high")
    rows = (
        evidence.intervals.filter((pl.col("figure") == "mean") & pl.col("since").is_null())
        .join(scored, on=[table, "measure"])
        .join(people, on=evidence.key)
        .filter(pl.col("most") >= 1)
    )
    reach = pl.col("mean_share") * pl.col("step") - rules.NOTICEABLE
    ends = (pl.col(end).round(4) for end in ("low", "high"))
    what = pl.format("the mean lies between {} and {}", *ends)
    near = rows.filter(pl.col("high") - pl.col("low") < reach)
    return evidence.broken("narrow_mean", near, what, pl.col("equation"))


def _respondents(evidence: rules.Evidence) -> pl.DataFrame:
    return evidence.intervals.filter(
        (pl.col("measure") == BASE) & (pl.col("figure") == "n") & pl.col("since").is_null()
    )
