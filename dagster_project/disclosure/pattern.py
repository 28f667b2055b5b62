"""The suppression pattern: which disclosure group is published in which cell.

A *cell* is a study, organisation, period, channel, product and segment. Its *base group* counts the
respondents themselves; every other *disclosure group* holds the figures computed from one question,
or a composite with its items, which are published or hidden together. Groups are nested: what is
hidden in the base group is hidden in every group of the cell, never the other way round, so that a
figure's own n can never give the hidden number of respondents away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

BASE_GROUP = "responses"
"""The group that counts the respondents of a cell."""

CELL = (
    "study",
    "organisation_code",
    "period",
    "channel",
    "product_code",
    "segment",
    "segment_value",
)
"""The columns that name a cell."""


@dataclass(frozen=True)
class Rules:
    """What a study asks of a published figure: at least `min_n` respondents."""

    min_n: int

    def __post_init__(self) -> None:
        if self.min_n < 1:
            raise ValueError(f"min_n is {self.min_n}; at least 1 is needed")


def protect(cells: pa.Table, rules: Mapping[str, Rules]) -> pa.Table:
    """Decide for each cell and disclosure group whether its figures may be published.

    A count is *primary*, too small to publish, when 1 <= n < min_n, or when the weights leave an
    effective n below min_n / 2. A group with a primary count is hidden as a whole; a cell whose
    base group is hidden or missing is hidden in every group.

    Args:
        cells: one row per count: the columns of `CELL`, `disclosure_group` and `measure` (text),
            `n` (respondents, whole number) and `n_effective` (Kish's, null where n is 0).
        rules: the rules of every study that occurs in `cells`.

    Returns:
        One row per cell and group: the columns of `CELL`, `disclosure_group` and `published`
        (boolean), sorted.

    Raises:
        ValueError: a study has no rules, or a count is negative or missing.

    """
    counts = pl.DataFrame(cells)
    _refuse(counts, rules)
    limits = pl.DataFrame(
        {"study": list(rules), "min_n": [rule.min_n for rule in rules.values()]},
        schema={"study": pl.String, "min_n": pl.Int64},
    )
    primary = ((pl.col("n") >= 1) & (pl.col("n") < pl.col("min_n"))) | (
        (pl.col("n") >= 1) & (pl.col("n_effective") < pl.col("min_n") / 2)
    )
    groups = (
        counts.join(limits, on="study", how="left", maintain_order="left")
        .with_columns(primary=primary.fill_null(value=False))
        .group_by(*CELL, "disclosure_group")
        .agg(large_enough=~pl.col("primary").any())
    )
    base = groups.filter(pl.col("disclosure_group") == BASE_GROUP).select(
        *CELL, base_published="large_enough"
    )
    pattern = (
        groups.join(base, on=CELL, how="left")
        .with_columns(
            published=pl.col("large_enough") & pl.col("base_published").fill_null(value=False)
        )
        .select(*CELL, "disclosure_group", "published")
        .sort(*CELL, "disclosure_group")
    )
    return pattern.to_arrow()


def _refuse(counts: pl.DataFrame, rules: Mapping[str, Rules]) -> None:
    unknown = sorted(set(counts["study"].unique()) - set(rules))
    if unknown:
        raise ValueError(f"no rules for study {', '.join(unknown)}")
    if counts.filter(pl.col("n").is_null() | (pl.col("n") < 0)).height:
        raise ValueError("a cell has a negative or missing count")
