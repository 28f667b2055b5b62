"""Deliveries that still count: their bytes are in landing, and no other file has their path.

Belongs here: which those are, and their rows in quarantine. Does not belong here: which of those
rows are bad (unmended), how many are too many (holds).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.ingest.lake import QUARANTINE, lake_file
from dagster_project.ingest.register import Delivery
from dagster_project.ingest.scan import Scan

if TYPE_CHECKING:
    import pyarrow.dataset as ds


def standing_refusals(register: Iterable[Delivery], scan: Scan) -> tuple[Delivery, ...]:
    """Pick the refused deliveries that are still in landing and that nothing has replaced.

    `scan` is of all feeds, after the refusals.
    """
    return standing((d for d in register if d.state == "rejected"), scan)


def open_refusals(
    lake: Path, refused: Iterable[Delivery], final: pl.DataFrame
) -> tuple[Delivery, ...]:
    """Pick the refused deliveries that are not, as far as they say, of `final` periods only."""
    refused = tuple(refused)
    named = named_by(lake, refused).drop_nulls(["organisation_code", "period"])
    studies = pl.DataFrame(
        [(one.feed, one.sha256, one.study) for one in refused],
        schema=dict.fromkeys(("feed", "delivery", "study"), pl.String),
        orient="row",
    )
    known = named.join(studies, on=["feed", "delivery"])
    still = (
        known.join(final, on=["study", "organisation_code", "period"], how="anti")
        .select("feed", "delivery")
        .unique()
    )
    over = set(known.select("feed", "delivery").unique().rows()) - set(still.rows())
    return tuple(d for d in refused if (d.feed, d.sha256) not in over)


def named_by(lake: Path, deliveries: Iterable[Delivery]) -> pl.DataFrame:
    """Say of which organisations and periods the rows of these deliveries in quarantine are.

    Returns:
        `feed`, `delivery`, `organisation_code`, `period` (null where rows do not say) and `rows`;
        nothing of a delivery that could not be read.

    """
    rows = pl.DataFrame(quarantined_rows(lake, deliveries).to_table())
    by = ["feed", "delivery", "organisation_code", "period"]
    return rows.group_by(by).agg(rows=pl.len().cast(pl.Int64)).sort(by)


def standing(deliveries: Iterable[Delivery], scan: Scan) -> tuple[Delivery, ...]:
    """Pick the deliveries whose bytes are in landing and whose path no other delivery has.

    Of several files whose masked paths are the same, none stands for another.
    """
    landed = {(file.feed, file.sha256) for file in scan.deliveries}
    at: dict[str, set[str]] = {}
    for file in scan.deliveries:
        at.setdefault(file.file, set()).add(file.sha256)
    return tuple(
        delivery
        for delivery in deliveries
        if (delivery.feed, delivery.sha256) in landed
        and delivery.sha256 in at.get(delivery.file, {delivery.sha256})
    )


def quarantined_rows(lake: Path, deliveries: Iterable[Delivery]) -> ds.Dataset:
    """Rows of `QUARANTINE`; columns that an earlier version did not write are null."""
    import pyarrow.dataset as ds  # noqa: PLC0415 (slow to load)

    files = files_of(lake, "quarantine", deliveries)
    return ds.dataset(files, schema=QUARANTINE) if files else ds.dataset(QUARANTINE.empty_table())


def files_of(lake: Path, room: str, deliveries: Iterable[Delivery]) -> list[str]:
    """Paths of these deliveries in a room; where there is one, the empty file of that room too."""
    anchor = lake / room / "_none" / "empty.parquet"
    found = [lake_file(lake, room, delivery.feed, delivery.sha256) for delivery in deliveries]
    return [str(path) for path in (anchor, *found) if path.is_file()]
