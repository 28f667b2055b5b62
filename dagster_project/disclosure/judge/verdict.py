"""Compares what can be worked out of a release with the truth, and says what must not be.

Belongs here: the verdict as a whole. Does not belong here: single rules. Violations name cells and
true figures: they are internal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack import Attack, Layout
from dagster_project.disclosure.judge import rules
from dagster_project.disclosure.judge.limits import NOW, Limits, limits_frame, with_vintage

KINDS = ("count", "mean", "net", "share", "distribution")


@dataclass(frozen=True)
class Violation:
    """Something that a release must not tell.

    `rule` is one of `exact`, `narrow`, `narrow_mean`, `union`, `same_score`, `difference`,
    `small_published`, `missing_row`, `not_attacked`, `extreme_share`, `contradiction` and `limit`
    (a program took too long, so that something was not searched); `cell` has the columns of a cell,
    `vintage` is 0 or an earlier one, `what` says it in words and `equation` how it follows.
    """

    rule: str
    cell: tuple[str, ...]
    measure: str
    vintage: int
    what: str
    equation: str


def judge(
    found: Attack,
    figures: pa.Table,
    cells: pa.Table,
    *,
    hierarchies: pa.Table,
    scales: pa.Table,
    limits: Mapping[str, Limits],
    layout: Layout | None = None,
) -> list[Violation]:
    """Find everything that what is published lets a reader know and should not.

    Args:
        found: what the attack worked out of `figures`.
        figures: what is published, as the attack had it, all vintages.
        cells: the true cells: the columns of a cell, disclosure_group, measure, kind, answer, n,
            n_effective, weight, total, total_squared, low, high; and vintage (0 where it is not
            there), with the true cells of earlier vintages that the attack had.
        hierarchies: the table column, dimension, partition, parent, child.
        scales: the table column, metric, kind, low, high.
        limits: the rules of every table.
        layout: how cells are named.

    Returns:
        The violations; none if the release may be published.

    """
    layout = layout or Layout()
    evidence = _evidence(found, with_vintage(figures), with_vintage(cells), limits, layout)
    with_unions = [table for table, one in limits.items() if one.unions]
    protecting = [table for table, one in limits.items() if one.protect_extreme_shares]
    broken = [
        rules.exact_figures(evidence, pl.DataFrame(hierarchies)),
        rules.narrow_respondents(evidence),
        rules.narrow_means(evidence),
        rules.unions(evidence, with_unions),
        rules.same_scores(evidence, pl.DataFrame(hierarchies), with_unions),
        rules.differences(evidence),
        rules.small_published(evidence),
        rules.missing_rows(evidence),
        rules.not_attacked(evidence),
        rules.told_shares(evidence, pl.DataFrame(scales), protecting),
    ]
    return [*as_violations(broken), *not_usable(found, layout)]


def as_violations(broken: Sequence[pl.DataFrame]) -> list[Violation]:
    """Return what breaks rules, as `rules.Evidence.broken` words it, each once."""
    rows = pl.concat(broken).unique(maintain_order=True)
    return [
        Violation(rule, tuple(cell), measure, vintage, what, equation or "")
        for rule, *cell, measure, vintage, what, equation in rows.iter_rows()
    ]


def _evidence(
    found: Attack,
    figures: pl.DataFrame,
    truth: pl.DataFrame,
    limits: Mapping[str, Limits],
    layout: Layout,
) -> rules.Evidence:
    numbers = limits_frame(limits, set(truth[layout.table]), layout)
    bounds, unions = (
        _with_limits(with_vintage(one), numbers, layout) for one in (found.intervals, found.unions)
    )
    judged = pl.col(layout.table).is_in(numbers[layout.table].to_list())
    known = truth.filter(pl.col("kind").is_in(KINDS) & judged)
    known = _with_limits(known, numbers, layout)
    return rules.Evidence(layout, bounds, unions, figures, known, numbers)


def _with_limits(rows: pl.DataFrame, numbers: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Add the limits of the table of each row; a join would copy all that is there."""
    tables = numbers[layout.table]
    return rows.with_columns(
        pl.col(layout.table)
        .replace_strict(tables, numbers[name], default=None, return_dtype=numbers.schema[name])
        .alias(name)
        for name in numbers.columns
        if name != layout.table
    )


def not_usable(found: Attack, layout: Layout) -> list[Violation]:
    """Figures that cannot be true at once, and programs that took too long, prove nothing."""
    clash = "published figures contradict each other, so the attack could not use them"
    violations = [
        Violation("contradiction", cell, measure, NOW, clash, "")
        for cell, measure in found.contradictions
    ]
    if found.limit:
        everywhere = ("all",) * len(layout.cell)
        what = f"{found.limit} programs took too long: not everything was searched"
        violations.append(Violation("limit", everywhere, "", NOW, what, ""))
    return violations


def count_extreme_shares(found: Attack, scales: pa.Table, *, layout: Layout | None = None) -> int:
    """Count hidden shares of which it is certain that nobody, or everybody, is part of them.

    They are conceded, and reported, unless a table protects them.
    """
    layout = layout or Layout()
    rows = rules.extreme_shares(pl.DataFrame(found.intervals), pl.DataFrame(scales), layout)
    return rows.select(*layout.cell, "measure", "answer").n_unique()
