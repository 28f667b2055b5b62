"""Locks of one home, held by the operating system: a killed process leaves none behind."""

from __future__ import annotations

from filelock import FileLock, Timeout

from dagster_project.common.home import open_home
from dagster_project.common.settings import Settings

REFRESH = ".refresh.lock"


def warehouse_lock(settings: Settings) -> FileLock:
    """Lock around each use of the warehouse file; reentrant within this process."""
    return _lock(settings, ".warehouse.lock")


def home_lock(settings: Settings) -> FileLock:
    """Lock around a whole run, so that two refreshes never mix; reentrant within this process."""
    return _lock(settings, REFRESH)


def is_at_work(settings: Settings) -> bool:
    """Whether a refresh of the home is running; changes nothing."""
    path = settings.home / REFRESH
    if not path.is_file():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def _lock(settings: Settings, name: str) -> FileLock:
    open_home(settings.home)
    return FileLock(settings.home / name, is_singleton=True, thread_local=False)
