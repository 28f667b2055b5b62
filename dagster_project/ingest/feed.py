"""Bring one feed's part of the lake up to date with landing.

Belongs here: which deliveries are judged, and cleaning up after an interrupted run. Does not belong
here: how one is judged.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.codebook import Codebook
from dagster_project.common.durable import TEMPORARY
from dagster_project.common.errors import UserError
from dagster_project.common.progress import Progress
from dagster_project.common.settings import Settings
from dagster_project.ingest import pseudonym
from dagster_project.ingest.forgotten import read_forgotten
from dagster_project.ingest.lake import REGISTER, ROOMS, ensure_lake
from dagster_project.ingest.plan import KINDS, Kind
from dagster_project.ingest.reading_process import PROCESS
from dagster_project.ingest.register import Delivery, mask_names, read_register
from dagster_project.ingest.scan import NEW, STALE, LandedFile, Scan, scan_after_a_moment
from dagster_project.ingest.source import DeliveryRejectedError

if TYPE_CHECKING:
    from dagster_project.ingest.deliver import Judge


@dataclass(frozen=True)
class FeedResult:
    """All deliveries of a feed, earlier ones included; `new` are the hashes judged this time.

    `scan` is the feed's part of the landing. `seconds` is how long each of those took, by hash.
    `left` are files that changed while they were read; the next run takes them in.
    """

    feed: str
    deliveries: tuple[Delivery, ...]
    new: tuple[str, ...]
    scan: Scan
    left: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def ingest_feed(
    settings: Settings, codebook: Codebook, feed_id: str, progress: Progress, now: datetime
) -> FeedResult:
    """Judge the feed's new deliveries and those judged under other codebook rows.

    `now` is only noted, nothing depends on it. Doing it twice changes nothing.

    Raises:
        UserError: e-mail addresses without a pseudonym key, or with another key than before.

    """
    scan = scan_after_a_moment(settings, codebook, (feed_id,))
    require_pseudonym_key(settings, codebook, scan)
    # Pandera is slow to load
    from dagster_project.ingest.deliver import ChangedWhileReadError, Judge  # noqa: PLC0415

    ensure_lake(settings.lake)
    _sweep(settings, feed_id)
    before = read_forgotten(settings.lake).before
    judge = Judge(
        settings.lake, codebook, settings.pseudonym_key, now, PROCESS, settings.limits, before
    )
    todo = _to_judge(scan.of(feed_id))
    new, left, seconds = [], [], {}
    for number, landed in enumerate(todo, start=1):
        progress(f"{feed_id}: reading {landed.file} ({number} of {len(todo)})")
        began = time.monotonic()
        try:
            new.append(judge.judge(landed).sha256)
            seconds[landed.sha256] = time.monotonic() - began
        except ChangedWhileReadError:
            left.append(landed.file)
    deliveries = tuple(d for d in read_register(settings.lake) if d.feed == feed_id)
    return FeedResult(feed_id, deliveries, tuple(new), scan, tuple(left), seconds)


def require_pseudonym_key(settings: Settings, codebook: Codebook, scan: Scan) -> None:
    """Before anything is written, see that e-mail addresses to be read can become pseudonyms.

    Looks at the deliveries to be judged whose feed has an e-mail column. Where there are any to be
    judged, the process that reads them starts while other things are loaded.

    Raises:
        UserError: there are addresses and no key, a short one, or another one than the lake was
            made with; there is no process to read deliveries.

    """
    todo = _to_judge(scan.deliveries)
    if todo:
        PROCESS.start()
    from dagster_project.ingest.deliver import Judge  # noqa: PLC0415 (Pandera is slow to load)

    key = settings.pseudonym_key
    if (
        key is not None
        and len(key) >= pseudonym.SHORTEST_KEY
        and pseudonym.is_key_of(settings.lake, key)
    ):
        return
    judge = Judge(settings.lake, codebook, key, datetime.min, PROCESS, settings.limits)
    for landed in todo:
        if _has_addresses(judge, landed):
            if key is None:
                raise UserError(pseudonym.NO_KEY.format(file=landed.file))
            if len(key) < pseudonym.SHORTEST_KEY:
                raise UserError(pseudonym.SHORT_KEY)
            raise UserError(pseudonym.OTHER_KEY.format(lake=settings.lake))


def _to_judge(deliveries: Iterable[LandedFile]) -> list[LandedFile]:
    return [landed for landed in deliveries if landed.state in {NEW, STALE}]


def _has_addresses(judge: Judge, landed: LandedFile) -> bool:
    """Whether an e-mail column has a value; a file that cannot be read has none."""
    if not any(
        KINDS.get(column.field) is Kind.EMAIL for column in judge.codebook.columns_of(landed.feed)
    ):
        return False
    try:
        source, layout = judge.open(landed)
        headers = [
            h for h, column in layout.columns.items() if KINDS.get(column.field) is Kind.EMAIL
        ]
        return any(
            batch.frame[header].str.strip_chars().str.len_bytes().max()
            for batch in (source.batches(headers) if headers else ())
            for header in headers
        )
    except DeliveryRejectedError:
        return False


def _sweep(settings: Settings, feed: str) -> None:
    """Remove what an interrupted run left: drafts, and files of deliveries not in the register.

    Names that an earlier version noted as they were are masked.
    """
    for folder in (settings.lake / room / feed for room in (*ROOMS, REGISTER)):
        for draft in folder.glob(f"*{TEMPORARY}"):
            draft.unlink(missing_ok=True)
    mask_names(settings.lake, feed)
    registered = {name for d in read_register(settings.lake) if d.feed == feed for name in d.files}
    # those cannot be had again, so they wait for their line in the register to be put back
    irreplaceable = read_forgotten(settings.lake).deliveries
    for room in ROOMS:
        for path in (settings.lake / room / feed).glob("*.parquet"):
            if (feed, path.stem) in irreplaceable:
                continue
            if path.relative_to(settings.lake).as_posix() not in registered:
                path.unlink(missing_ok=True)
