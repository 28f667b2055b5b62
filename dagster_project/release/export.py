"""Copies the marts out of the warehouse into a folder of their own that nobody reads yet.

Belongs here: the DuckDB file, the Parquet files and the manifest of a release in preparation. Does
not belong here: judging them (gates) or showing them to readers (publish).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dagster_project.disclosure import CELL
from dagster_project.progress import Progress, silent
from dagster_project.release.manifest import (
    DATABASE_FILE,
    PARQUET_FOLDER,
    SCHEMA,
    STAGED_PREFIX,
    Manifest,
    ReleaseError,
    releases_folder,
    software_version,
)
from dagster_project.settings import Settings
from dagster_project.warehouse.lock import warehouse_lock

STORAGE_VERSION = "v1.4.0"  # the oldest DuckDB that readers of a release may use
OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
NOBODY_ELSE = 0o700
TABLE_NAME = re.compile(r"(mart|dim)_[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True)
class StagedRelease:
    """A release that is whole but not yet visible; `tables` gives the rows of each table."""

    id: str
    path: Path
    tables: Mapping[str, int]


def stage_release(
    settings: Settings,
    deliveries: Iterable[str],
    checks: Iterable[str],
    now: datetime,
    progress: Progress = silent,
) -> StagedRelease:
    """Copy every table of the warehouse's marts into `releases/.staged-<id>/`.

    It may not pass its gates, so only the user who made it can open that folder.

    Args:
        settings: where the warehouse and the releases are.
        deliveries: SHA-256 of the deliveries behind the marts.
        checks: names of the checks that passed so far.
        now: time of the release, with a zone.
        progress: told what is being done.

    Raises:
        ReleaseError: no warehouse, a table that is neither `mart_*` nor `dim_*`, no room on disk.

    """
    sweep(settings)
    if not settings.warehouse.is_file():
        raise ReleaseError(f"{settings.warehouse} does not exist; run `kto refresh` first")
    stamp = now.astimezone(UTC)
    draft = releases_folder(settings) / f"{STAGED_PREFIX}{stamp:%Y%m%dT%H%M%SZ}-{os.getpid()}"
    try:
        (draft / PARQUET_FOLDER).mkdir(parents=True)
        draft.chmod(NOBODY_ELSE)
        with warehouse_lock(settings):
            tables = _export_marts(settings.warehouse, draft, progress)
        parquet = {table: sha256_of(parquet_file(draft, table)) for table in tables}
        release = f"{stamp:%Y%m%dT%H%M%SZ}-{_content_hash(parquet)}"
        Manifest(
            release=release,
            time=stamp.isoformat(timespec="seconds"),
            software=software_version(),
            deliveries=tuple(sorted(set(deliveries))),
            tables=tables,
            parquet=parquet,
            checks=tuple(sorted(set(checks))),
            frozen=frozen_cells(settings),
        ).write(draft)
        staged = draft.with_name(f"{STAGED_PREFIX}{release}")
        draft.rename(staged)
    except (OSError, duckdb.Error) as fault:
        shutil.rmtree(draft, ignore_errors=True)
        first_line = str(fault).partition("\n")[0]
        raise ReleaseError(
            f"The release could not be written below {settings.published}: {first_line}. "
            "What is published is unchanged; mend this and run `kto refresh` again"
        ) from fault
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return StagedRelease(release, staged, tables)


def frozen_cells(settings: Settings) -> int:
    """Count the cells of which a figure goes out as an earlier release had it."""
    if not settings.pattern.is_file():
        return 0
    with duckdb.connect(config=OFFLINE) as engine:
        counted = engine.execute(
            f"select count(distinct ({', '.join(CELL)})) "
            f"from read_parquet({literal(settings.pattern)}) where status = 'frozen'"
        ).fetchone()
    return int(counted[0]) if counted else 0


def sweep(settings: Settings) -> None:
    """Remove what killed runs left behind; no release is touched.

    Only one run may stage at a time: the caller holds the lock.
    """
    for leftover in releases_folder(settings).glob(f"{STAGED_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for leftover in settings.published.glob(".current-*"):
        leftover.unlink(missing_ok=True)


def parquet_file(folder: Path, table: str) -> Path:
    """Path of one table's Parquet file within a release folder."""
    return folder / PARQUET_FOLDER / f"{table}.parquet"


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def literal(text: str | Path) -> str:
    """Quote a text as an SQL string; paths cannot be bound as parameters in ATTACH and COPY."""
    return "'" + str(text).replace("'", "''") + "'"


def _export_marts(warehouse: Path, folder: Path, progress: Progress) -> dict[str, int]:
    """Write the DuckDB file and one Parquet file per table; rows by table.

    Tables are sorted by all columns, so that equal content gives equal Parquet bytes. The warehouse
    is attached under its file's name, because dbt writes that name into the text of views.
    """
    source = f'"{warehouse.stem}"'
    database = folder / DATABASE_FILE
    with duckdb.connect(config={**OFFLINE, "temp_directory": str(folder / "spill")}) as engine:
        engine.execute(f"attach {literal(warehouse)} as {source} (read_only)")
        engine.execute(
            f"attach {literal(database)} as staged_release (storage_version '{STORAGE_VERSION}')"
        )
        engine.execute(f"create schema staged_release.{SCHEMA}")
        names = _published_names(engine, warehouse)
        rows = {}
        for table in names:
            progress(f"Staging {table}")
            target = f"staged_release.{SCHEMA}.{table}"
            engine.execute(
                f"create table {target} as select * from {source}.{SCHEMA}.{table} order by all"
            )
            engine.execute(
                f"copy (select * from {target}) to {literal(parquet_file(folder, table))} "
                "(format parquet, compression zstd)"
            )
            counted = engine.execute(f"select count(*) from {target}").fetchone()
            rows[table] = int(counted[0]) if counted else 0
        _copy_comments(engine, warehouse.stem)
        engine.execute("checkpoint staged_release")
        engine.execute("detach staged_release")
    shutil.rmtree(folder / "spill", ignore_errors=True)
    return rows


def _published_names(engine: duckdb.DuckDBPyConnection, warehouse: Path) -> list[str]:
    """Names of all tables and views in the marts schema, sorted."""
    found = engine.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = ? and table_schema = ? order by 1",
        [warehouse.stem, SCHEMA],
    ).fetchall()
    names = [str(name) for (name,) in found]
    if not names:
        raise ReleaseError(f"{warehouse} has no tables in schema {SCHEMA}; run `kto refresh` first")
    if refused := [name for name in names if not TABLE_NAME.fullmatch(name)]:
        raise ReleaseError(
            f"{warehouse}, schema {SCHEMA}: {', '.join(refused)} would be published; only tables "
            "named mart_* or dim_* may be, so move or drop the others"
        )
    return names


def _copy_comments(engine: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Copy descriptions of tables and columns, so that a BI tool can show them."""
    comments = engine.execute(
        "select 'table', table_name, null, comment from duckdb_tables() "
        "where database_name = $1 and schema_name = $2 and comment is not null "
        "union all select 'column', table_name, column_name, comment from duckdb_columns() "
        "where database_name = $1 and schema_name = $2 and comment is not null",
        [catalog, SCHEMA],
    ).fetchall()
    for kind, table, column, comment in comments:
        place = f"staged_release.{SCHEMA}.{table}" + (f'."{column}"' if column else "")
        engine.execute(f"comment on {kind} {place} is {literal(comment)}")


def _content_hash(parquet: Mapping[str, str]) -> str:
    """Eight hex digits over all tables' content."""
    lines = "\n".join(f"{table} {digest}" for table, digest in sorted(parquet.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:8]
