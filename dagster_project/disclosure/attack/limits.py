"""What the judge measures intervals by, and which intervals he therefore wants.

Belongs here: the rules' numbers and the targets that follow from the true cells. Does not belong
here: judging.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack.names import BASE, CELL

TARGETS = {
    **dict.fromkeys(CELL, pl.String),
    "measure": pl.String,
    "figure": pl.String,
    "release": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
}


@dataclass(frozen=True)
class Limits:
    """The rules of one study.

    `min_n`: fewest respondents of a published figure. `width`: share of n by which the interval of
    a small n must miss it to either side (at least 1). `mean_share`: share of the scale by which
    the interval of a small cell's mean must miss it to one side. `remainders`: whether what is left
    of a published total is judged as a cell. `protect_extreme_shares`: whether it is a violation
    that "nobody" or "everybody" of a hidden share is certain.
    """

    min_n: int = 10
    width: float = 0.2
    mean_share: float = 0.05
    remainders: bool = True
    protect_extreme_shares: bool = False

    def reach(self, n: int) -> int:
        """Respondents by which an interval must miss n to either side."""
        return max(1, math.ceil(self.width * n - 1e-9))


def limits_frame(limits: Mapping[str, Limits], studies: set[str]) -> pl.DataFrame:
    """Return the rules as a table, one row per study.

    Raises:
        ValueError: a study has none.

    """
    missing = sorted(studies - set(limits))
    if missing:
        raise ValueError(f"no limits for study {', '.join(missing)}")
    return pl.DataFrame(
        [(study, one.min_n, one.width, one.mean_share) for study, one in limits.items()],
        schema={
            "study": pl.String,
            "min_n": pl.Int64,
            "width": pl.Float64,
            "mean_share": pl.Float64,
        },
        orient="row",
    )


def is_primary() -> pl.Expr:
    """Too few respondents to publish: 1 <= n < min_n, or an effective n below min_n / 2."""
    n, least = pl.col("n"), pl.col("min_n")
    return (n >= 1) & ((n < least) | (pl.col("n_effective") < least / 2).fill_null(value=False))


def miss() -> pl.Expr:
    """Respondents by which an interval must miss n to either side."""
    return pl.max_horizontal(pl.lit(1.0), (pl.col("width") * pl.col("n") - 1e-9).ceil())


def targets_of(
    cells: pa.Table,
    limits: Mapping[str, Limits],
    *,
    touched: pa.Table | None = None,
    history: pa.Table | None = None,
    releases: int = 0,
) -> pa.Table:
    """Return the intervals that decide whether a release is safe, and how wide is wide enough.

    Args:
        cells: the true cells, internal (see `judge`).
        limits: the rules of every study.
        touched: respondents that differ between an earlier release (`version`, 1 the oldest) and
            now, by cell and measure.
        history: the true cells at earlier releases, as `cells` with `version`.
        releases: number of earlier releases.

    Returns:
        A table for `attack(targets=...)`. It is made from the truth, so neither it nor what is made
        of it may leave the house.

    """
    frame = pl.DataFrame(cells).with_columns(release=pl.lit(0, dtype=pl.Int64))
    rules = limits_frame(limits, set(frame["study"]))
    if history is not None:
        then = pl.DataFrame(history).with_columns(
            release=pl.col("version").cast(pl.Int64) - releases - 1
        )
        shared = [name for name in frame.columns if name in then.columns]
        frame = pl.concat([frame.select(shared), then.select(shared)], how="vertical_relaxed")
    small = frame.join(rules, on="study").filter(is_primary())
    base = small.filter(pl.col("measure") == BASE).with_columns(
        figure=pl.lit("n"),
        low=pl.max_horizontal(pl.col("n") - miss(), pl.lit(1.0)),
        high=pl.col("n") + miss(),
    )
    step = pl.col("mean_share") * (pl.col("high") - pl.col("low"))
    mean = pl.col("total") / pl.col("weight")
    means = small.filter(pl.col("kind").is_in(["mean", "net"])).with_columns(
        figure=pl.lit("mean"), low=mean - step, high=mean + step
    )
    parts = [base, means]
    if touched is not None:
        changes = (
            pl.DataFrame(touched)
            .join(rules, on="study")
            .with_columns(
                n=pl.col("touched"), release=pl.col("version").cast(pl.Int64) - releases - 1
            )
            .filter((pl.col("n") >= 1) & (pl.col("n") < pl.col("min_n")))
        )
        parts.append(
            changes.with_columns(
                figure=pl.lit("change_n"),
                low=pl.max_horizontal(pl.col("n") - miss(), pl.lit(1.0)),
                high=pl.col("n") + miss(),
            )
        )
    return pl.concat(
        [part.select(pl.col(name).cast(kind) for name, kind in TARGETS.items()) for part in parts]
    ).to_arrow()
