"""What a release is measured by, and which figures the attack must therefore search.

Belongs here: the numbers of the rules, and what follows from the true cells before the attack. Does
not belong here: judging.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack.layout import BASE, Layout

SCORED = ("mean", "net", "share", "distribution")
NOW = 0


@dataclass(frozen=True)
class Limits:
    """The rules of one table.

    `min_n`: fewest respondents of a published figure and of a known union. `width`: share of n by
    which the interval of a small n must miss it to either side (at least 1). `mean_share`: share of
    the scale by which the interval of a small cell's mean must miss it to one side. `unions`:
    whether unions of hidden cells are judged, and what is left of a total.
    `protect_extreme_shares`: whether it is a violation that "nobody" or "everybody" of a hidden
    share is certain.
    """

    min_n: int = 10
    width: float = 0.2
    mean_share: float = 0.05
    unions: bool = True
    protect_extreme_shares: bool = False

    def reach(self, n: int) -> int:
        """Respondents by which an interval must miss n to either side."""
        return max(1, math.ceil(self.width * n - 1e-9))


def limits_frame(limits: Mapping[str, Limits], tables: set[str], layout: Layout) -> pl.DataFrame:
    """Return the rules as a table, one row per value of the table column.

    Raises:
        ValueError: one has none.

    """
    missing = sorted(tables - set(limits))
    if missing:
        raise ValueError(f"no limits for {layout.table} {', '.join(missing)}")
    return pl.DataFrame(
        [(table, one.min_n, one.width, one.mean_share) for table, one in limits.items()],
        schema={
            layout.table: pl.String,
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


def miss(n: str = "n") -> pl.Expr:
    """Respondents by which an interval must miss n to either side."""
    return pl.max_horizontal(pl.lit(1.0), (pl.col("width") * pl.col(n) - 1e-9).ceil())


def with_vintage(cells: pa.Table) -> pl.DataFrame:
    """Return true cells with their vintage, which is 0 if none is named."""
    frame = pl.DataFrame(cells)
    vintage = pl.col("vintage") if "vintage" in frame.columns else pl.lit(NOW)
    return frame.with_columns(vintage.cast(pl.Int64).alias("vintage"))


def targets_of(
    cells: pa.Table, limits: Mapping[str, Limits], *, layout: Layout | None = None
) -> pa.Table:
    """Return the figures that decide whether a release is safe, and how wide is wide enough.

    Args:
        cells: the true cells, internal (see `judge`).
        limits: the rules of every table.
        layout: how cells are named.

    Returns:
        A table for `attack(targets=...)`. It is made from the truth, so it is as internal as that.

    """
    layout = layout or Layout()
    frame = with_vintage(cells)
    rules = limits_frame(limits, set(frame[layout.table]), layout)
    frame = frame.join(rules, on=layout.table)
    small = frame.filter(is_primary())
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
    with_unions = [table for table, one in limits.items() if one.unions]
    few = (pl.col("n") < pl.col("min_n")) & pl.col(layout.table).is_in(with_unions)
    members = (
        frame.filter(few)
        .unique([*layout.cell, "measure", "vintage"])
        .with_columns(
            figure=pl.lit("union"), low=pl.col("n").cast(pl.Float64), high=pl.lit(None, pl.Float64)
        )
    )
    schema = {
        **dict.fromkeys((*layout.cell, "measure", "figure"), pl.String),
        "vintage": pl.Int64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
    return pl.concat(
        [
            part.select(pl.col(name).cast(kind) for name, kind in schema.items())
            for part in (base, means, members)
        ]
    ).to_arrow()


def apart_of(cells: pa.Table, *, layout: Layout | None = None) -> pa.Table:
    """Return where more people are counted than responded, for `attack(apart=...)`."""
    cell = [*(layout or Layout()).cell, "vintage"]
    counts = with_vintage(cells).filter(pl.col("kind") == "count")
    base = counts.filter(pl.col("measure") == BASE).select(*cell, responded="n")
    others = counts.filter(pl.col("measure") != BASE).join(base, on=cell)
    more = others.filter(pl.col("n") > pl.col("responded"))
    return more.select(*cell[:-1], "measure").unique(maintain_order=True).to_arrow()


def scales_of(cells: pa.Table, *, layout: Layout | None = None) -> pa.Table:
    """Return the kind and the scale of each metric, which are no secret, for the attack."""
    table = (layout or Layout()).table
    return (
        pl.DataFrame(cells)
        .filter(pl.col("kind").is_in(SCORED))
        .select(table, "kind", "low", "high", metric="measure")
        .unique([table, "metric"], keep="first", maintain_order=True)
        .sort(table, "metric")
        .to_arrow()
    )
