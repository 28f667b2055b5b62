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

from dagster_project.release.export import StagedRelease
from dagster_project.release.manifest import (
    CURRENT,
    ReleaseError,
    current_release,
    read_manifest,
    releases_folder,
)
from dagster_project.settings import Settings

READ_ONLY = 0o444


def same_as_current(settings: Settings, staged: StagedRelease) -> str | None:
    """Id of the current release if the staged one says nothing else, else None.

    That is if every byte of a table is the same, it rests on the same deliveries and as many cells
    are as an earlier release had them.

    Raises:
        ReleaseError: a manifest cannot be read.

    """
    current, manifest = current_release(settings), read_manifest(staged.path)
    if current is None:
        return None
    same = all(
        getattr(current, field) == getattr(manifest, field)
        for field in ("parquet", "deliveries", "frozen")
    )
    return current.release if same else None


def discard(staged: StagedRelease) -> None:
    """Remove a staged release that will not be published."""
    shutil.rmtree(staged.path, ignore_errors=True)


def publish(
    settings: Settings,
    staged: StagedRelease,
    record: Callable[[StagedRelease], None],
    passed: Iterable[str] = (),
) -> Path:
    """Make a staged release the current one; readers see the old or the new one, never a mixture.

    It is written into the ledger before anybody can read it: a release that is in the ledger and
    was never read costs a little detail, the other way round would cost the respondents.

    Args:
        settings: where releases live.
        staged: what `stage_release` returned, after it passed its gates.
        record: writes it into the ledger.
        passed: names of the checks it passed since; added to its manifest.

    Returns:
        The folder `releases/<id>`; its files can no longer be written.

    Raises:
        ReleaseError: the disk or the folder's rights do not allow it; `current` is unchanged.

    """
    released = releases_folder(settings) / staged.id
    try:
        manifest = read_manifest(staged.path)
        checks = tuple(sorted({*manifest.checks, *passed}))
        replace(manifest, checks=checks).write(staged.path)
        record(staged)
        for file in staged.path.rglob("*"):
            if file.is_file():
                file.chmod(READ_ONLY)
        staged.path.chmod(stat.S_IMODE(releases_folder(settings).stat().st_mode))
        if released.exists():  # same second, same content: a run killed between rename and swap
            discard(staged)
        else:
            staged.path.rename(released)
        _swap(settings, released)
    except OSError as fault:
        raise ReleaseError(
            f"Release {staged.id} could not be made current in {settings.published}: {fault}. "
            "What is published is unchanged; mend this and run `kto refresh` again"
        ) from fault
    return released


def _swap(settings: Settings, released: Path) -> None:
    """Point `current` at a release in one step; the link is relative, so the folder can move."""
    link = settings.published / CURRENT
    fresh = settings.published / f".current-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(released.relative_to(settings.published), target_is_directory=True)
    fresh.replace(link)
