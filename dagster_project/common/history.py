"""Dagster's history of runs, kept under the home: for the default home, the one that its UI shows.

Belongs here: opening it, keeping it private, writing it without waiting, and doing without it when
it is damaged. Does not belong here: what a run does.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData

from dagster_project.common.home import open_home
from dagster_project.common.settings import Settings


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


class EventsAtHand(SqliteEventLogStorage):
    """Dagster's log of events, with connections that stay open until it is disposed of.

    Dagster's own opens and closes one for every line, and another where it is about an asset, which
    takes longer than writing the 1,100 lines of a run. The system writes the log when it likes: a
    killed process loses nothing by that; a power cut may cost the history, which is no data.
    """

    def __init__(self, base_dir: str) -> None:
        """Open the log under `base_dir`."""
        self._engines: dict[str, sqlalchemy.Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = self._opened(shard)
            with self._engines[shard].begin() as connection:
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether there is such a table; Dagster asks before each event, on a new connection."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _opened(self, shard: str) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(
            self.conn_string_for_shard(shard),
            poolclass=sqlalchemy.QueuePool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        sqlalchemy.event.listen(engine, "connect", _write_quickly)
        self._initdb(engine)
        return engine

    def dispose(self) -> None:
        """Close all connections."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


class OneRunStorage(PrivateStorage):
    """The same storage for a process that does one run and ends."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open what is under `base_dir`."""
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventsAtHand(str(Path(base_dir, "history", "runs")))


def _write_quickly(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("pragma synchronous = off")


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open Dagster's storage under the home.

    What this process prints stays on its own streams: capturing it would hide progress.
    """
    base = settings.home / "dagster"
    base.mkdir(parents=True, exist_ok=True)
    reference = InstanceRef.from_dir(
        str(base),
        config_dir=str(settings.root),
        overrides={
            "storage": {
                "custom": {
                    "module": OneRunStorage.__module__,
                    "class": OneRunStorage.__name__,
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
