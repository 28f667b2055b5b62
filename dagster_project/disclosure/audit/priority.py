"""The priority matrix: what of it must follow from published figures, and what its n may tell.

Belongs here: the audit of that table. Does not belong here: importance, which is the one figure in
a release that follows from no other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from dagster_project.disclosure.audit.contract import (
    KEYS,
    KPI,
    PRIORITY,
    PUBLISHED,
    SAME,
    TOTAL,
    Check,
    same,
)

LEAST, FEWEST = 30, 10
METHODS = ("correlation", "regression")
MOST = math.sqrt(10)  # no coefficient is more where no inflation factor is above 10
PLACE = KEYS[PRIORITY][:4]


@dataclass(frozen=True)
class Priorities:
    """What the codebook says about priorities.

    `overall` is the overall metric by (study, aspect), `least` the fewest respondents behind an
    importance and `min_n` those behind any figure, by study; 30 and 10 where not named.
    """

    overall: Mapping[tuple[str, str], str] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    min_n: Mapping[str, int] = field(default_factory=dict)


def checks(tables: Mapping[str, pl.DataFrame], rules: Priorities) -> list[Check]:
    """(table, what is wrong, rows) of figures that do not follow, or rest on too few people."""
    if PRIORITY not in tables:
        return []
    shown = tables[PRIORITY].filter(pl.col("status") == PUBLISHED)
    rows = _beside_figures(shown, tables[KPI], rules)
    n = pl.col("n")
    aspect, overall = pl.col("aspect_n"), pl.col("overall_n")
    least, min_n = _by_study(rules.least, LEAST), _by_study(rules.min_n, FEWEST)
    few_alone = pl.any_horizontal(
        (answered - n >= 1) & (answered - n < min_n) for answered in (aspect, overall.fill_null(n))
    )
    return [
        (PRIORITY, what, rows.filter(~good.fill_null(value=False)))
        for what, good in (
            ("published, but the metric is not", aspect.is_not_null()),
            (
                "published, but its overall metric is not",
                pl.col("overall").is_null() | overall.is_not_null(),
            ),
            (
                "satisfaction is not the metric's value",
                same(pl.col("satisfaction"), pl.col("value")),
            ),
            ("n is below the fewest for an importance", n >= least),
            ("n is more than answered", (n <= aspect) & (n <= overall.fill_null(n))),
            (
                "importance is out of bounds",
                pl.col("importance").is_null() | (pl.col("importance").abs() <= MOST + SAME),
            ),
            (
                "importance has more decimals than those who answered only one of the two allow",
                pl.col("importance").is_null() | ~few_alone | _has_decimals(2),
            ),
            (
                "importance has no method, or a method no importance",
                pl.when(pl.col("importance").is_null())
                .then(pl.col("importance_method").is_null())
                .otherwise(pl.col("importance_method").is_in(METHODS)),
            ),
            ("quadrant does not follow from published figures", _quadrant_follows()),
        )
    ] + _remainders(tables[PRIORITY], tables["dim_period"], rules)


def _has_decimals(most: int) -> pl.Expr:
    importance = pl.col("importance")
    return (importance - importance.round(most)).abs() <= SAME


def _by_study(numbers: Mapping[str, int], default: int) -> pl.Expr:
    return pl.col("study").replace_strict(
        dict(numbers) or {"": default}, default=default, return_dtype=pl.Int64
    )


def _beside_figures(shown: pl.DataFrame, kpi: pl.DataFrame, rules: Priorities) -> pl.DataFrame:
    """Put each row beside the published figures of its aspect and of its overall metric."""
    published = kpi.filter(
        (pl.col("product_code") == TOTAL)
        & (pl.col("segment") == TOTAL)
        & (pl.col("status") == PUBLISHED)
    )
    aspects = published.select(*KEYS[PRIORITY], "value", aspect_n="n")
    wholes = published.select(*PLACE, pl.col("metric").alias("overall"), overall_n="n")
    known = pl.DataFrame(
        [(*key, overall) for key, overall in rules.overall.items()],
        schema={"study": pl.String, "metric": pl.String, "overall": pl.String},
        orient="row",
    )
    return (
        shown.join(known, on=["study", "metric"], how="left")
        .join(aspects, on=KEYS[PRIORITY], how="left")
        .join(wholes, on=[*PLACE, "overall"], how="left")
    )


def _quadrant_follows() -> pl.Expr:
    """Whether it is that of an aspect against the mean of those beside it; close calls pass."""
    matrix = (*PLACE, "overall")
    inside = pl.col("importance").is_not_null()
    distance = {
        name: pl.col(name) - pl.col(name).filter(inside).mean().over(matrix)
        for name in ("satisfaction", "importance")
    }
    satisfied, important = (one > -SAME for one in distance.values())
    close = pl.any_horizontal((one + SAME).abs() < SAME / 2 for one in distance.values())
    expected = (
        pl.when(~inside | (inside.sum().over(matrix) < 2))  # noqa: PLR2004
        .then(None)
        .when(important)
        .then(pl.when(satisfied).then(pl.lit("strength")).otherwise(pl.lit("high_priority")))
        .otherwise(pl.when(satisfied).then(pl.lit("maintain")).otherwise(pl.lit("low_priority")))
    )
    return pl.col("quadrant").eq_missing(expected) | (close & pl.col("quadrant").is_not_null())


def _remainders(priority: pl.DataFrame, periods: pl.DataFrame, rules: Priorities) -> list[Check]:
    """Find totals whose n, less that of their published parts, is of too few."""
    years = periods.filter(pl.col("period_type") == "quarter").select(
        "study", "period", year=pl.col("period_start").dt.year().cast(pl.String)
    )
    parts = priority.join(years, on=["study", "period"], how="left")
    by_channel = parts.filter(pl.col("channel") != TOTAL).with_columns(channel=pl.lit(TOTAL))
    by_quarter = parts.filter(pl.col("year").is_not_null()).with_columns(period=pl.col("year"))
    found: list[Check] = []
    for children in (by_channel, by_quarter):
        sums = children.group_by(KEYS[PRIORITY]).agg(parts=pl.col("n").sum())
        totals = priority.filter(pl.col("status") == PUBLISHED).join(sums, on=KEYS[PRIORITY])
        left = pl.col("n") - pl.col("parts")
        few = (left > 0) & (left < _by_study(rules.min_n, FEWEST))
        what = "n less that of the published parts is of too few"
        found.append((PRIORITY, what, totals.filter(few)))
    return found
