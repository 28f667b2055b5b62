"""Makes a staged release the current one: the only place that moves the link.

Belongs here: comparing, discarding, renaming, the swap. Does not belong here: what a release holds.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import duckdb

from dagster_project.common.settings import Settings
from dagster_project.release.export import StagedRelease
from dagster_project.release.intact import damage, note_release
from dagster_project.release.manifest import (
    CURRENT,
    STAGED_PREFIX,
    ReleaseError,
    current_release,
    read_manifest,
    releases_folder,
)
from dagster_project.release.vintages import Index

READ_ONLY, READABLE_FOLDER = 0o444, 0o755
"""All users may read what is published; the umask leaves the rest to the owner."""


def nothing_new(settings: Settings, staged: StagedRelease) -> str | None:
    """Say in words why a staged release need not be published; None if it is to be.

    That is if every byte of a table is as in the current release, it rests on the same deliveries
    and no period is new, revised or withdrawn; or if nothing is published yet, and nothing is new.
    What is published and damaged is published anew.

    Raises:
        ReleaseError: a manifest cannot be read.

    """
    manifest = read_manifest(staged.path)
    if not manifest.story.is_empty or damage(settings):
        return None
    current = current_release(settings)
    if current is None:
        return "no period is published yet"
    same = all(
        getattr(current, field) == getattr(manifest, field) for field in ("parquet", "deliveries")
    )
    return f"{current.release} stays, as nothing differs" if same else None


def discard(staged: StagedRelease) -> None:
    """Remove a staged release that will not be published."""
    shutil.rmtree(staged.path, ignore_errors=True)


def publish(
    settings: Settings,
    staged: StagedRelease,
    commit: Callable[[StagedRelease], None],
    passed: Iterable[str] = (),
) -> Path:
    """Make a staged release the current one; readers see the old or the new one, never a mixture.

    What it publishes is committed before anybody can read it; `finish` completes what a killed run
    committed and did not come to show.

    Args:
        settings: where releases live.
        staged: what `stage_release` returned, after it passed its gates.
        commit: keeps what it rests on and names it in the index.
        passed: names of the checks it passed since; added to its manifest.

    Returns:
        The folder `releases/<id>`; its files can no longer be written.

    Raises:
        ReleaseError: the disk or the folder's rights do not allow it; `current` is unchanged.

    """
    try:
        manifest = read_manifest(staged.path)
        checks = tuple(sorted({*manifest.checks, *passed}))
        replace(manifest, checks=checks).write(staged.path)
        for path in staged.path.rglob("*"):
            path.chmod(READABLE_FOLDER if path.is_dir() else READ_ONLY)
        note_release(settings, staged.id, staged.path)
        commit(staged)
        return _show(settings, staged.path, staged.id)
    except (OSError, duckdb.Error) as fault:
        raise ReleaseError(
            f"Release {staged.id} could not be made current in {settings.published}: {fault}. "
            "What is published is unchanged; mend this and run `kto refresh` again"
        ) from fault


def finish(settings: Settings, index: Index) -> None:
    """Show the release that the index names last, if a run was killed before it could.

    Raises:
        ReleaseError: the disk or the folder's rights do not allow it.

    """
    if index.release is None:
        return
    released = releases_folder(settings) / index.release
    staged = released.with_name(f"{STAGED_PREFIX}{index.release}")
    link = settings.published / CURRENT
    if link.resolve() == released.resolve() or not (staged.is_dir() or released.is_dir()):
        return
    try:
        _show(settings, staged, index.release)
    except OSError as fault:
        raise ReleaseError(
            f"Release {index.release} could not be made current in {settings.published}: {fault}; "
            "mend this and run `kto refresh` again"
        ) from fault


def _show(settings: Settings, staged: Path, release: str) -> Path:
    released = releases_folder(settings) / release
    if not released.exists():
        staged.chmod(stat.S_IMODE(releases_folder(settings).stat().st_mode))
        staged.rename(released)
    _swap(settings, released)
    return released


def _swap(settings: Settings, released: Path) -> None:
    """Point `current` at a release in one step; the link is relative, so the folder can move."""
    link = settings.published / CURRENT
    fresh = settings.published / f".current-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(released.relative_to(settings.published), target_is_directory=True)
    fresh.replace(link)
