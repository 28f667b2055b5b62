"""Who may read the home: its owner everything, others what is published (docs/decisions.md).

Belongs here: modes of files and folders. Does not belong here: what is in them.

Free text, quarantine, single answers and true small cells lie beside `published/`. The umask gives
only the owner rights on what any library or child process writes; publishing gives others the right
to read a release. Others may pass through the home to `published/`, and list or read nothing else.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dagster_project.common.errors import UserError

PUBLISHED = "published"
RELEASES = "releases"
OTHERS = 0o077
"""All rights of group and others: what they have of nothing private."""
LISTING = 0o066
"""Reading and writing; what is left lets others pass through a folder to what is open below it."""
WRITING = 0o022
FRESH = ".private"


class HomeError(UserError):
    """Something in the home is open to others and cannot be closed; says what to do."""


def keep_private() -> None:
    """Keep what this process and its children write from now on to the owner."""
    os.umask(OTHERS)


@contextmanager
def open_to_readers() -> Iterator[None]:
    """Let others read what is made meanwhile."""
    before = os.umask(WRITING)
    try:
        yield
    finally:
        os.umask(before)


def open_home(home: Path) -> None:
    """Make the home if it is not there, and close what an earlier version left open.

    Looks at the entries directly under the home; only one that is open is walked through, as nobody
    passes a closed one. No right is ever added, so that a home that is closed altogether stays so.

    Raises:
        OSError: the home cannot be made.
        HomeError: something is open and belongs to another user.

    """
    os.umask(LISTING)
    try:
        home.mkdir(parents=True, exist_ok=True)
    finally:
        keep_private()
    _take(home, LISTING)
    with os.scandir(home) as entries:
        for entry in entries:
            if entry.name != PUBLISHED:
                _close(Path(entry.path), OTHERS)
    for folder in (home / PUBLISHED / RELEASES, home / PUBLISHED):
        _close(folder, WRITING)


def open_to_others(home: Path) -> list[Path]:
    """List what others may read or write directly under a home, but for what is published."""
    if not home.is_dir():
        return []
    with os.scandir(home) as entries:
        found = [Path(entry.path) for entry in entries if entry.name != PUBLISHED]
    below = [path for path in sorted(found) if _mode(path) & OTHERS]
    return [home, *below] if _mode(home) & LISTING else below


def _close(path: Path, rights: int) -> None:
    """Take rights away from all below a path, then from itself, so that a killed run starts again.

    What belongs to another user below it stays as it is, behind a closed door.
    """
    if not _mode(path) & rights:
        return
    for folder, folders, files in os.walk(path, topdown=False):
        for name in (*files, *folders):
            with suppress(HomeError):
                _take(Path(folder, name), rights)
    _take(path, rights)


def _take(path: Path, rights: int) -> None:
    try:
        mode = _mode(path)
        if not mode & rights:
            return
        if rights == OTHERS and path.is_file() and path.stat().st_nlink > 1:
            _part(path)
        path.chmod(mode & ~rights)
    except FileNotFoundError:
        return  # another run has just moved it
    except OSError as fault:
        raise HomeError(
            f"{path} is open to other users of this machine and cannot be closed "
            f"({fault.strerror}); as its owner, run chmod -R go-rwx on it"
        ) from fault


def _part(path: Path) -> None:
    """Give a file bytes of its own: a release that is linked to them stays readable."""
    fresh = path.with_name(path.name + FRESH)
    shutil.copyfile(path, fresh)
    shutil.copymode(path, fresh)
    fresh.replace(path)


def _mode(path: Path) -> int:
    """Read the rights on a path; none for a link, which has none of its own, and for nothing."""
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return 0
    return 0 if stat.S_ISLNK(found) else stat.S_IMODE(found)
