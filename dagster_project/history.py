"""Dagster's history of runs, kept under the home: for the default home, the one that its UI shows.

Belongs here: opening it, keeping it private, writing it without waiting, and doing without it when
it is damaged. Does not belong here: what a run does.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData

from dagster_project.home import open_home
from dagster_project.settings import Settings

_engines: dict[str, sqlalchemy.Engine] = {}


class PrivateStorage(DagsterSqliteStorage):
    """Dagster's own storage, which every process of Dagster opens before it writes anything.

    `dagster.yaml` names it, so that the web server and the daemon keep the home private too: they
    read no definitions, which do so elsewhere.
    """

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> PrivateStorage:
        """Open the home, of which `base_dir` is a folder, and then the storage."""
        open_home(Path(config_value["base_dir"]).absolute().parent)
        return cls.from_local(inst_data=inst_data, **config_value)


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
            "storage": {
                "custom": {
                    "module": PrivateStorage.__module__,
                    "class": PrivateStorage.__name__,
                    "config": {"base_dir": str(base)},
                }
            },
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


def set_aside_if_damaged(settings: Settings) -> Path | None:
    """Put a history that SQLite cannot read out of the way; nothing of the pipeline rests on it.

    To be asked after something went wrong, as it reads every file.

    Returns:
        Where it is now; None if it is sound.

    """
    base = settings.home / "dagster"
    if all(_is_sound(file) for file in base.rglob("*.db")):
        return None
    aside = base.with_name("dagster.damaged")
    shutil.rmtree(aside, ignore_errors=True)
    return base.rename(aside)


def _is_sound(file: Path) -> bool:
    """Whether SQLite can read a file, or another process keeps it from trying."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("pragma quick_check(1)").fetchone() == ("ok",))
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        return False


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
