"""Judges files before they are delivered, and keeps nothing.

Belongs here: what is said of each file. Does not belong here: judging itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.checksums import file_sha256
from dagster_project.common.errors import UserError
from dagster_project.common.settings import Limits
from dagster_project.ingest.deliver import ChangedWhileReadError, Judge
from dagster_project.ingest.file_names import EXTENSIONS
from dagster_project.ingest.lake import ensure_lake, lake_file
from dagster_project.ingest.reading_process import PROCESS
from dagster_project.ingest.reasons import Reason
from dagster_project.ingest.register import Delivery
from dagster_project.ingest.scan import NEW, LandedFile, mark_of, received_at


def try_files(
    files: Sequence[Path], feed: str | None, codebook: Codebook, limits: Limits, most: int
) -> Iterator[tuple[str, bool]]:
    """Yield lines on each file, and whether each says something good.

    Args:
        files: what would be delivered.
        feed: of which feed; None: of the one that the folder of the file is called after.
        codebook: by which they are judged.
        limits: of reading each.
        most: rows of a file that are shown.

    Raises:
        UserError: no such feed.

    """
    known = {one.feed for one in codebook.feeds}
    with TemporaryDirectory() as folder:
        lake = Path(folder)
        ensure_lake(lake)
        judge = Judge(lake, codebook, secrets.token_bytes(32), datetime.now(UTC), PROCESS, limits)
        for path in files:
            of = feed or path.resolve().parent.name
            if of not in known:
                raise UserError(
                    f"{of} is no feed, so nothing says how {path} is read; "
                    f"pass --feed, one of {', '.join(sorted(known))}"
                )
            if path.suffix.lower() not in EXTENSIONS:
                yield f"{path}: refused: is not one of {', '.join(sorted(EXTENSIONS))}", False
                continue
            try:
                delivery = judge.judge(_landed(path, of))
            except ChangedWhileReadError:
                yield f"{path}: it changed while it was read; try again when it is whole", False
                continue
            yield from _said(path, delivery, lake, most)


def _landed(path: Path, feed: str) -> LandedFile:
    status = path.stat()
    return LandedFile(
        feed=feed,
        file=path.name,
        path=path,
        sha256=file_sha256(path),
        bytes=status.st_size,
        received_at=received_at(path, status.st_mtime),
        state=NEW,
        mark=mark_of(status),
    )


def _said(path: Path, delivery: Delivery, lake: Path, most: int) -> Iterator[tuple[str, bool]]:
    counts = (
        f"{delivery.rows_read} rows read = {delivery.rows_accepted} accepted + "
        f"{delivery.rows_quarantined} quarantined"
    )
    if delivery.rows_left_out:
        counts += f"; {delivery.rows_left_out} more left out by the codebook"
    refused = delivery.state == "rejected"
    if refused:
        yield f"{path}: refused: {delivery.reason}", False
    if delivery.rows_read or not refused:
        yield f"{path}: {counts}", not delivery.rows_quarantined
    quarantine = lake_file(lake, "quarantine", delivery.feed, delivery.sha256)
    if quarantine.is_file():
        own = ~pl.col("reasons").list.contains(Reason.DELIVERY_REJECTED.value)
        told = pl.read_parquet(quarantine, glob=False, columns=["row", "reasons", "details"])
        rows = told.filter(own)
        for row, _, details in rows.head(most).iter_rows():
            yield f"  row {row}: {' '.join(details)}", False
        if rows.height > most:
            yield f"  and {rows.height - most} more", False
    if delivery.unknown_columns:
        yield f"  columns ignored: {', '.join(delivery.unknown_columns)}", True
