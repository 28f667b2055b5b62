"""What happened to every delivery: the content of `kto status`. Internal, never published.

Belongs here: bringing together landing, register, quarantine and run summaries. Does not belong
here: how it is shown (render).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.common.settings import Settings
from dagster_project.ingest import (
    Delivery,
    LandedFile,
    read_register,
    scan_landing,
    standing_refusals,
)
from dagster_project.release.internal import RowCounts, read_row_counts
from dagster_project.release.manifest import (
    STAGED_PREFIX,
    current_release,
    releases_folder,
)
from dagster_project.release.prepare import PERIODS_FILE, read_periods_file, read_run
from dagster_project.release.states import STATES
from dagster_project.release.vintages import KEY, read_index

NONE = RowCounts(0, 0, 0, 0, 0)
ACCEPTED = "accepted"
NOT_IN_REGISTER = {
    "new": "not processed yet; run `kto refresh`",
    "waiting": "still being written, or just changed; it is taken in once it is whole",
}
SAMPLE = 5
DAYS = ("due_on", "released_on", "revised_on")
PERIOD = (
    *KEY,
    "period_type",
    "state",
    "held_because",
    "due_on",
    "released_on",
    "revision",
    "revised_on",
    "reason",
    "late",
)


def status(settings: Settings, codebook: Codebook | None = None) -> dict[str, Any]:
    """Say what was delivered, what became of it, what was built and what is published.

    Args:
        settings: where everything is.
        codebook: read from `settings.seeds` when not given.

    Returns:
        `release`: id or None; `stopped`: id of one that was staged and not published, or None;
        `periods`: `study`, `organisation_code`, `period`, `period_type`, `state` (open, held, due,
        final or revised), `held_because`, `due_on`, `released_on`, `revision`, `revised_on`,
        `reason` and `late` (rows that came after it was published);
        `refused`: `file` and `reason` of refused deliveries that nothing has replaced;
        `deliveries`: as `delivery_report`, then files that wait; `ignored`: `file`, `reason` and
        whether it is `misplaced` (looks like a delivery) of files that are none; `ignored_columns`:
        `feed`, `file` and `columns` of deliveries with columns that nobody asked for; `samples`:
        `feed`, `sha256`, `row`, `detail` of a few quarantined rows of each delivery.

    Raises:
        UserError: the codebook, the register or the current release cannot be read.

    """
    scan = scan_landing(settings, codebook or load_codebook(*settings.codebook))
    register = read_register(settings.lake)
    release = current_release(settings)
    waiting = [_waiting(file) for file in scan.deliveries if file.state in NOT_IN_REGISTER]
    return {
        "release": release.release if release else None,
        "stopped": _stopped(settings),
        "periods": periods_report(settings),
        "refused": [
            {"file": one.file, "reason": one.reason} for one in standing_refusals(register, scan)
        ],
        "deliveries": [*delivery_report(register, read_row_counts(settings)), *waiting],
        "ignored": [
            {"file": file, "reason": why, "misplaced": (file, why) in scan.misplaced}
            for file, why in scan.ignored
        ],
        "ignored_columns": [
            {"feed": one.feed, "file": one.file, "columns": list(one.unknown_columns)}
            for one in register
            if one.unknown_columns
        ],
        "samples": _samples(settings, register),
    }


def _stopped(settings: Settings) -> str | None:
    """Name the release that was staged last, if it is still there: what goes out is moved."""
    run = read_run(settings)
    if run is None or not run.publishing:
        return None
    folders = sorted(releases_folder(settings).glob(f"{STAGED_PREFIX}*"))
    return folders[-1].name.removeprefix(STAGED_PREFIX) if folders else None


def periods_report(settings: Settings) -> list[dict[str, Any]]:
    """Say how it stands with every period: what the last run found, and what is published."""
    rows: list[dict[str, Any]] = (
        states_now(settings)
        .with_columns(pl.col(one).cast(pl.String) for one in DAYS)
        .select(*PERIOD)
        .to_dicts()
    )
    return rows


def states_now(settings: Settings) -> pl.DataFrame:
    """Read the states of the last run; what it did not come to publish is due."""
    there = (settings.states / PERIODS_FILE).is_file()
    found = read_periods_file(settings, PERIODS_FILE) if there else STATES.to_frame()
    published = read_index(settings).newest.filter(~pl.col("empty"))
    told = ("revision", "released_on", "revised_on", "reason")
    both = found.join(
        published.select(*KEY, *told, is_out=pl.lit(value=True)), on=KEY, how="left", suffix="_out"
    ).with_columns(is_out=pl.col("is_out").fill_null(value=False))
    stands = pl.col("state").is_in(["final", "revised"])
    revised = pl.col("revision_out") > 0
    return both.with_columns(
        state=pl.when(pl.col("is_out"))
        .then(pl.when(revised).then(pl.lit("revised")).otherwise(pl.lit("final")))
        .when(stands)
        .then(pl.lit("due"))
        .otherwise("state"),
        **{
            one: pl.when(pl.col("is_out")).then(f"{one}_out").when(~stands).then(one)
            for one in told
        },
    ).select(found.columns)


def delivery_report(
    register: Iterable[Delivery], row_counts: Mapping[tuple[str, str], RowCounts]
) -> list[dict[str, Any]]:
    """Describe every judged delivery, by feed, then time of receipt.

    Counts of the models are None for an accepted delivery that they have not seen yet, and 0 for a
    rejected one.
    """
    ordered = sorted(register, key=lambda one: (one.feed, one.received_at, one.sha256))
    return [_judged(one, row_counts.get((one.feed, one.sha256))) for one in ordered]


def _judged(delivery: Delivery, counts: RowCounts | None) -> dict[str, Any]:
    known = counts if delivery.state == ACCEPTED else NONE
    return {
        "feed": delivery.feed,
        "file": delivery.file,
        "sha256": delivery.sha256,
        "state": delivery.state,
        "reason": delivery.reason,
        "rows_read": delivery.rows_read,
        "rows_accepted": delivery.rows_accepted,
        "rows_quarantined": delivery.rows_quarantined,
        "rows_left_out": delivery.rows_left_out,
        "rows_counted": known.rows_counted if known else None,
        "rows_superseded": known.rows_superseded if known else None,
        "rows_set_aside": known.rows_set_aside if known else None,
        "rows_unmatched": known.rows_unmatched if known else None,
        "rows_late": known.rows_late if known else None,
        "reasons": dict(delivery.reasons),
    }


def _waiting(file: LandedFile) -> dict[str, Any]:
    return {
        "feed": file.feed,
        "file": file.file,
        "sha256": file.sha256 or None,
        "state": "waiting",
        "reason": NOT_IN_REGISTER[file.state],
        "rows_read": 0,
        "rows_accepted": 0,
        "rows_quarantined": 0,
        "rows_left_out": 0,
        "rows_counted": 0,
        "rows_superseded": 0,
        "rows_set_aside": 0,
        "rows_unmatched": 0,
        "rows_late": 0,
        "reasons": {},
    }


def _samples(settings: Settings, register: Iterable[Delivery]) -> list[dict[str, Any]]:
    """Quarantine keeps personal fields out of its sentences, so they may be shown here."""
    samples = []
    for delivery in register:
        path = settings.lake / "quarantine" / delivery.feed / f"{delivery.sha256}.parquet"
        if not delivery.rows_quarantined or not path.is_file():
            continue
        try:
            batches = pq.ParquetFile(path).iter_batches(SAMPLE, columns=["row", "details"])
            rows = next(batches).to_pylist()
        except (OSError, pa.ArrowException, StopIteration):
            continue  # the report is no place to fail; a refresh checks the lake and says so
        samples += [
            {"feed": delivery.feed, "sha256": delivery.sha256, "row": row["row"], "detail": detail}
            for row in rows
            for detail in row["details"][:1]
        ]
    return samples
