"""What is known to be wrong with what came, as lines that say what to do.

Belongs here: bringing landing and register together. Does not belong here: judging rows (ingest),
which periods are held for it (states).
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.settings import Settings
from dagster_project.ingest import (
    Scan,
    bad_rows,
    named_by,
    read_register,
    scan_landing,
    standing_refusals,
    too_many_bad_rows,
)
from dagster_project.release.states import HOLDS

NOT_TAKEN_IN = {
    "waiting": "is still being written; run again once it is whole",
    "new": "came, or changed, while this run was at work; run again",
}
Line = tuple[str, str | None, str | None, str]


def holds_of(settings: Settings, codebook: Codebook, final: pl.DataFrame) -> pl.DataFrame:
    """List what holds periods, in the columns of `HOLDS`.

    Args:
        settings: landing and lake.
        codebook: feeds, and the shares of bad rows that are allowed.
        final: study, organisation_code, period of those that are published and stay so.

    """
    scan = scan_landing(settings, codebook)
    table = bad_rows(settings.lake, codebook, scan, final)
    lines = [
        *_refused(settings, codebook, scan),
        *_waiting(codebook, scan),
        *_misplaced(codebook, scan),
        *_astray(codebook, scan),
        *(
            (bad.study, bad.organisation_code, bad.period, bad.why)
            for bad in too_many_bad_rows(table, codebook)
        ),
    ]
    return pl.DataFrame(list(dict.fromkeys(lines)), schema=HOLDS, orient="row")


def _refused(settings: Settings, codebook: Codebook, scan: Scan) -> Iterator[Line]:
    """Hold what a refused delivery is about; all of the study if it could not be read."""
    known = {feed.feed for feed in codebook.feeds}
    refused = [
        one for one in standing_refusals(read_register(settings.lake), scan) if one.feed in known
    ]
    named: dict[tuple[str, str], list[tuple[str | None, str | None]]] = {}
    for feed, delivery, organisation, period, _ in named_by(settings.lake, refused).iter_rows():
        named.setdefault((feed, delivery), []).append((organisation, period))
    for one in refused:
        why = (
            f"{one.file} was refused ({one.reason}); mend it and deliver it again under its name, "
            "or take it out of the landing"
        )
        for organisation, period in named.get((one.feed, one.sha256), [(None, None)]):
            yield one.study, organisation, period, why


def _waiting(codebook: Codebook, scan: Scan) -> Iterator[Line]:
    for file in scan.deliveries:
        if why := NOT_TAKEN_IN.get(file.state):
            yield codebook.feed(file.feed).study, None, None, f"{file.file} {why}"


def _misplaced(codebook: Codebook, scan: Scan) -> Iterator[Line]:
    for file, reason in scan.misplaced:
        why = f"{file} {reason}; move it into the folder of its feed, or out of the landing"
        for study in codebook.studies:
            yield study.study, None, None, why


def _astray(codebook: Codebook, scan: Scan) -> Iterator[Line]:
    """Hold the study of a feed that has a link in its folder which is not followed."""
    studies = {feed.feed: feed.study for feed in codebook.feeds}
    for file, reason in scan.astray:
        if study := studies.get(file.split("/")[0]):
            yield study, None, None, f"{file} {reason}"
