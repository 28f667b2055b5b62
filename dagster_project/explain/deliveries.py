"""The deliveries that can hold answers behind a figure, as `kto status` counts them.

Belongs here: choosing deliveries and what is said of them. Does not belong here: anything that
depends on a cell (docs/decisions.md says why). Which deliveries are listed follows from the study
and the channel alone, and each count is of the whole delivery. A few rows may be all of a hidden
cell, so a count of 1 to `min_n` - 1 is left out. A larger count may still be that of one cell, if a
file holds one quarter of one organisation: this is internal information, as `kto status` is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dagster_project.codebook import Codebook
from dagster_project.common.settings import Settings
from dagster_project.disclosure.attack.layout import TOTAL
from dagster_project.ingest import read_register
from dagster_project.release.internal import read_row_counts
from dagster_project.release.manifest import Manifest


@dataclass(frozen=True)
class Behind:
    """A delivery of the release; a count is None where it is too small to tell, or not known."""

    feed: str
    file: str
    sha256: str
    rows_read: int | None
    rows_accepted: int | None
    rows_counted: int | None


def deliveries_behind(
    settings: Settings, codebook: Codebook, manifest: Manifest, study: str, channel: str
) -> tuple[Behind, ...]:
    """Return the deliveries of a release in the feeds that have a study and a channel.

    Raises:
        UserError: the register or the summary of the last run cannot be read.

    """
    feeds = set(_feeds(codebook, study, channel))
    least = codebook.study(study).min_n
    counts = read_row_counts(settings)
    found = []
    for one in read_register(settings.lake):
        if one.feed not in feeds or one.sha256 not in manifest.deliveries:
            continue
        counted = counts.get((one.feed, one.sha256))
        rows_counted = counted.rows_counted if counted else None
        rows = (one.rows_read, one.rows_accepted, rows_counted)
        found.append(Behind(one.feed, one.file, one.sha256, *(_enough(n, least) for n in rows)))
    return tuple(sorted(found, key=lambda one: (one.feed, one.file)))


def _enough(rows: int | None, least: int) -> int | None:
    return rows if rows is not None and (rows == 0 or rows >= least) else None


def _feeds(codebook: Codebook, study: str, channel: str) -> Iterator[str]:
    for feed in codebook.feeds_of(study):
        if TOTAL in {channel, feed.channel or TOTAL} or feed.channel == channel:
            yield feed.feed
