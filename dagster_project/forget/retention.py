"""What was made and is no longer needed is removed once it is as old as the settings say.

Belongs here: old releases, Dagster's history, the report on a release, previews. Does not belong
here: answers, which are removed by the day that they are of (forgetting); what is kept of published
periods, as every later release rests on it.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dagster_project.common.settings import Settings
from dagster_project.forget.forgetting import alone
from dagster_project.release.manifest import CURRENT, STAGED_PREFIX, releases_folder
from dagster_project.release.vintages import read_index

STAMP, STAMP_LENGTH = "%Y%m%dT%H%M%SZ", 16
GONE_PREFIX = ".gone-"


@dataclass(frozen=True)
class Removal:
    """One thing that is older than it may be, and how to remove it."""

    what: str
    name: str
    remove: Callable[[], None]


def apply(settings: Settings, now: datetime, *, yes: bool) -> tuple[Removal, ...]:
    """Find all that is older than the settings allow; with `yes`, remove it.

    Raises:
        UserError: another run is at work, or the index cannot be read.

    """
    with alone(settings):
        for leftover in releases_folder(settings).glob(f"{GONE_PREFIX}*"):
            shutil.rmtree(leftover)
        found = tuple(one for look in LOOKS for one in look(settings, now))
        for one in found if yes else ():
            one.remove()
        return found


def _releases(settings: Settings, now: datetime) -> Iterator[Removal]:
    """Find releases that are not the current one, by the time in their name."""
    if settings.keep.releases is None:
        return
    current = {(settings.published / CURRENT).resolve().name, read_index(settings).release}
    for folder in sorted(releases_folder(settings).glob("*")):
        if folder.name in current or folder.name.startswith((STAGED_PREFIX, GONE_PREFIX)):
            continue
        try:
            made = datetime.strptime(folder.name[:STAMP_LENGTH], STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue  # somebody else's
        if made < now - timedelta(days=settings.keep.releases):
            yield Removal("release", folder.name, _removing(folder))


def _removing(folder: Path) -> Callable[[], None]:
    def remove() -> None:
        # what a kill leaves is no release that lacks files
        gone = folder.with_name(f"{GONE_PREFIX}{folder.name}")
        folder.rename(gone)
        shutil.rmtree(gone)

    return remove


def _history(settings: Settings, now: datetime) -> Iterator[Removal]:
    """Find runs that ended, with their events and logs, and a history that was set aside."""
    base, days = settings.home / "dagster", settings.keep.history
    if days is None:
        return
    before = now - timedelta(days=days)
    aside = base.with_name("dagster.damaged")
    if _is_older(aside, before):
        yield Removal("history", aside.name, lambda: shutil.rmtree(aside))
    if not base.is_dir():
        return
    runs = _old_runs(settings, before)
    if runs:
        yield Removal("history", f"{len(runs)} runs", lambda: _forget_runs(settings, runs, before))


def _old_runs(settings: Settings, before: datetime) -> tuple[str, ...]:
    import dagster as dg  # noqa: PLC0415 (slow to load)

    from dagster_project.common.history import open_instance  # noqa: PLC0415

    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    with open_instance(settings) as instance:
        records = instance.get_run_records(dg.RunsFilter(statuses=ended, created_before=before))
        return tuple(record.dagster_run.run_id for record in records)


def _forget_runs(settings: Settings, runs: tuple[str, ...], before: datetime) -> None:
    from dagster_project.common.history import open_instance  # noqa: PLC0415

    base = settings.home / "dagster"
    with open_instance(settings) as instance:
        for run in runs:
            instance.delete_run(run)
            (base / "history" / "runs" / f"{run}.db").unlink(missing_ok=True)
            for logs in ("compute_logs", "storage"):
                shutil.rmtree(base / logs / run, ignore_errors=True)
        for one in instance.all_instigator_state():
            instance.purge_ticks(one.instigator_origin_id, one.selector_id, before.timestamp())
    for file in base.rglob("*.db"):
        # SQLite keeps what was deleted until its file is written anew
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("vacuum")


def _made_anew(settings: Settings, now: datetime) -> Iterator[Removal]:
    """Find what every run replaces: it only grows old where no run comes."""
    previews = settings.preview.with_name("previews")
    for what, days, newest, folders in (
        ("data docs", settings.keep.data_docs, settings.data_docs, (settings.data_docs,)),
        ("preview", settings.keep.preview, settings.preview.resolve(), (previews,)),
    ):
        if days is not None and _is_older(newest, now - timedelta(days=days)):
            yield Removal(what, newest.name, lambda gone=folders: _drop(settings, gone))  # type: ignore[misc]


def _drop(settings: Settings, folders: tuple[Path, ...]) -> None:
    for folder in folders:
        shutil.rmtree(folder)
    if settings.preview.is_symlink() and not settings.preview.exists():
        settings.preview.unlink()


def _is_older(path: Path, before: datetime) -> bool:
    """Whether there is something that was made before a moment."""
    return path.exists() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < before


LOOKS = (_releases, _history, _made_anew)
