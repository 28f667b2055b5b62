"""Forget people: what would be removed, and removing it from every file of the home.

Belongs here: the order of the steps, and what is reported of them; docs/decisions.md says what is
kept and what is not. Does not belong here: whose rows are
meant (people), how files are rewritten (rewrite).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from filelock import Timeout

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.common.durable import TEMPORARY
from dagster_project.common.errors import UserError
from dagster_project.common.quarters import today
from dagster_project.common.replacement import Replacement, finish
from dagster_project.common.settings import Settings
from dagster_project.forget.known import CONTRIBUTIONS, INVITATION_ROWS, RESPONSE_ROWS
from dagster_project.forget.people import Whose, find
from dagster_project.forget.rewrite import rewrite_lake, rewrite_vintages
from dagster_project.ingest import pseudonym
from dagster_project.ingest.forgotten import FORGOTTEN_FILE, Forgotten, read_forgotten
from dagster_project.ingest.lake import REGISTER, ROOMS
from dagster_project.ingest.register import check_lake, read_register
from dagster_project.ingest.scan import same_bytes, scan_landing
from dagster_project.release.export import sweep as sweep_staged
from dagster_project.release.vintages import read_index, sweep, verify
from dagster_project.warehouse.lock import home_lock, warehouse_lock

KEEPS_RESPONDENTS = (RESPONSE_ROWS, INVITATION_ROWS, CONTRIBUTIONS)


@dataclass(frozen=True)
class Told:
    """What was found, or done.

    `counts` has `feed`, `what`, `rows`. `landing` are files that still hold what is forgotten,
    below the landing. `unpublished` are periods (`study`, `organisation_code`, `period`) whose
    figures are not fixed yet. `nothing` says that nothing is known of them.
    """

    counts: pl.DataFrame
    landing: tuple[str, ...]
    unpublished: pl.DataFrame
    nothing: bool
    done: bool


def forget_before(settings: Settings, before: date, *, yes: bool) -> Told:
    """Forget all responses and invitations dated before a day, and take no more of them in.

    Without `yes` nothing changes.

    Raises:
        UserError: the day is in the future, something kept is damaged, or another run is at work.

    """
    if before > today():
        raise UserError(f"{before} is in the future; give today or a day before it")
    return _forget(settings, Whose(before=before), yes=yes)


def forget_respondent(
    settings: Settings,
    respondent: str,
    *,
    feed: str | None = None,
    organisation: str | None = None,
    yes: bool,
) -> Told:
    """Forget one respondent, by e-mail address or, with a feed, by the id there.

    Without `yes` nothing changes. No message or error holds the address or the id.

    Raises:
        UserError: there is no (or another) pseudonym key, no such feed, the id is in use at several
            organisations, something kept is damaged, or another run is at work.

    """
    if feed is None:
        key = settings.pseudonym_key
        if key is None:
            raise UserError(
                "without the key the pseudonym of an address is unknown: set "
                "KTO_PSEUDONYM_KEY, or give the id of a response or invitation with --feed"
            )
        if not pseudonym.is_key_of(settings.lake, key):
            raise UserError(pseudonym.OTHER_KEY.format(lake=settings.lake))
        whose = Whose(pseudonym=pseudonym.pseudonym(respondent, key))
    else:
        whose = Whose(feed=feed, id=respondent.strip(), organisation=organisation)
    return _forget(settings, whose, yes=yes)


def _forget(settings: Settings, whose: Whose, *, yes: bool) -> Told:
    with alone(settings):
        codebook = load_codebook(*settings.codebook)
        if whose.feed is not None and whose.feed not in {one.feed for one in codebook.feeds}:
            named = ", ".join(sorted(one.feed for one in codebook.feeds))
            raise UserError(f"{whose.feed} is no feed; --feed is one of {named}")
        index = read_index(settings)
        check_lake(settings.lake)
        verify(settings, index, only=KEEPS_RESPONDENTS)
        known = read_forgotten(settings.lake)
        found = find(settings, codebook, index, whose)
        touched = frozenset(found.touched.select("feed", "delivery").unique().iter_rows())
        after = known.with_more(whose.before, touched)
        if yes and (after != known or not found.is_empty):
            sweep(settings, index)
            replacement = Replacement(settings.home)
            rewrite_lake(settings, found, replacement)
            rewrite_vintages(settings, index, found, replacement)
            replacement.write(settings.lake / FORGOTTEN_FILE, after.text)
            sweep_staged(settings)
            with warehouse_lock(settings):
                # DuckDB keeps old blocks in its file, so it goes whole; the next run makes it anew
                ends = ("", ".wal", ".tmp")
                name = settings.warehouse.name
                made_anew = [settings.warehouse.with_name(f"{name}{end}") for end in ends]
                replacement.decide([*leftovers(settings), *made_anew])
        return Told(
            counts=found.counts,
            landing=tuple(_still_in_landing(settings, codebook, after)),
            unpublished=found.unpublished if whose.before else found.unpublished.clear(),
            nothing=found.is_empty,
            done=yes,
        )


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the lock of the home, with what a killed run left carried out.

    Raises:
        UserError: another run is at work, the home cannot be written, or it was filled with rows
            of an own codebook that is not set.

    """
    if not settings.home.is_dir():
        raise UserError(f"{settings.home} is not there; name another with --home")
    if lost := settings.lost_codebook():
        raise UserError(lost)
    try:
        with home_lock(settings).acquire(timeout=0):
            finish(settings.home)
            yield
    except Timeout:
        raise UserError(
            f"another run is at work in {settings.home}; wait until it has ended, then run again"
        ) from None
    except OSError as fault:
        raise UserError(
            f"{settings.home} cannot be written ({fault.strerror}); mend that and run again"
        ) from fault


def leftovers(settings: Settings) -> list[Path]:
    """List what a killed run left in the lake: copies of rows that nothing leads to."""
    lake = settings.lake
    # they cannot be had again, and wait for their line in the register to be put back
    irreplaceable = {sha256 for _, sha256 in read_forgotten(lake).deliveries}
    registered = {name for one in read_register(lake) for name in one.files}
    drafts = [path for room in (*ROOMS, REGISTER) for path in (lake / room).glob(f"*/*{TEMPORARY}")]
    strays = [
        path
        for room in ROOMS
        for path in (lake / room).glob("*/*.parquet")
        if path.parent.name != "_none"
        and path.stem not in irreplaceable
        and path.relative_to(lake).as_posix() not in registered
    ]
    return [*drafts, *strays]


def _still_in_landing(
    settings: Settings, codebook: Codebook, forgotten: Forgotten
) -> Iterable[str]:
    """Name the files that hold what is forgotten; the landing is not ours to clear."""
    if not settings.landing.is_dir():
        return []
    scan = scan_landing(settings, codebook)
    first = [one.file for one in scan.deliveries if (one.feed, one.sha256) in forgotten.deliveries]
    copies = {same_bytes(file) for file in first}
    return sorted([*first, *(file for file, why in scan.ignored if why in copies)])
