"""Dagster's history of runs, kept under the home: for the default home, the one that its UI shows.

Belongs here: opening it, and writing it without waiting. Does not belong here: what a run does.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import dagster as dg
import sqlalchemy
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite import sqlite_event_log

from dagster_project.settings import Settings

_engines: dict[str, sqlalchemy.Engine] = {}


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open Dagster's storage under the home.

    What this process prints stays on its own streams: capturing it would hide progress.
    """
    if not sqlalchemy.event.contains(sqlalchemy.Engine, "connect", _write_quickly):
        sqlalchemy.event.listen(sqlalchemy.Engine, "connect", _write_quickly)
        vars(sqlite_event_log)["create_engine"] = _kept_engine
    base = settings.home / "dagster"
    base.mkdir(parents=True, exist_ok=True)
    reference = InstanceRef.from_dir(
        str(base),
        config_dir=str(settings.root),
        overrides={
            "storage": {"sqlite": {"base_dir": str(base)}},
            "local_artifact_storage": {
                "module": "dagster._core.storage.root",
                "class": "LocalArtifactStorage",
                "config": {"base_dir": str(base)},
            },
            "compute_logs": {
                "module": "dagster._core.storage.noop_compute_log_manager",
                "class": "NoOpComputeLogManager",
            },
        },
    )
    return dg.DagsterInstance.from_ref(reference)


def _write_quickly(connection: sqlite3.Connection, _: object) -> None:
    """Let the system write the history when it likes, instead of after each of 700 lines.

    A killed process loses nothing by it; a power cut may cost the history, which is no data.
    """
    connection.execute("pragma synchronous = off")


def _kept_engine(url: str, **options: Any) -> sqlalchemy.Engine:  # noqa: ANN401
    """Make one engine per file: each compiles a statement once, and Dagster makes 3,500 of them."""
    if url not in _engines:
        _engines[url] = sqlalchemy.create_engine(url, **options)
    return _engines[url]
