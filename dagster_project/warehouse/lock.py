"""Locks of one home, held by the operating system: a killed process leaves none behind."""

from __future__ import annotations

from filelock import FileLock

from dagster_project.home import open_home
from dagster_project.settings import Settings


def warehouse_lock(settings: Settings) -> FileLock:
    """Lock around each use of the warehouse file; reentrant within this process."""
    return _lock(settings, ".warehouse.lock")


def home_lock(settings: Settings) -> FileLock:
    """Lock around a whole run, so that two refreshes never mix; reentrant within this process."""
    return _lock(settings, ".refresh.lock")


def _lock(settings: Settings, name: str) -> FileLock:
    open_home(settings.home)
    return FileLock(settings.home / name, is_singleton=True, thread_local=False)
