"""Copies the current release into PostgreSQL, where BI tools that need a server read it.

Belongs here: tables, labelled views and rights in the database, in one transaction. Does not belong
here: what a release holds. Readers see the release before or this one, never a mixture: rows are
replaced by deleting and copying, so that a reader waits for nobody and a writer for no reader.

Tables are in schema `marts`, labelled views in schema `bi`; the role `kto_bi` may read both, and
nothing else is touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from dagster_project.progress import Progress, silent
from dagster_project.release.export import labelled_views, parquet_file
from dagster_project.release.manifest import SCHEMA, Manifest, ReleaseError, read_manifest
from dagster_project.sql_text import literal

if TYPE_CHECKING:
    import psycopg

VIEWS, READER, NOTE = "bi", "kto_bi", "kto_release"
TYPES = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
}
LOCK = 0x6B746F
"""Two copies at once wait for each other by this number."""
CHUNK = 1 << 20

Columns = Sequence[tuple[str, str]]
"""Names and PostgreSQL types of a table's columns, in order."""


def copy_release(dsn: str, folder: Path, progress: Progress = silent) -> bool:
    """Make a PostgreSQL database hold what a release holds.

    Args:
        dsn: address of the database, `postgresql://...` or `host=... dbname=...`.
        folder: a release.
        progress: told what is being done.

    Returns:
        Whether anything was copied; not if the database has this release already.

    Raises:
        ReleaseError: the database cannot be reached or written; it is as it was.

    """
    import psycopg  # noqa: PLC0415

    manifest = read_manifest(folder)
    try:
        with psycopg.connect(dsn, application_name="kto-pipeline") as connection:
            return _copy(connection, folder, manifest, progress)
    except (psycopg.Error, duckdb.Error, OSError) as fault:
        first_line = str(fault).strip().partition("\n")[0]
        raise ReleaseError(
            f"Release {manifest.release} is published in {folder.parent.parent}, but not in "
            f"PostgreSQL, which is as it was: {first_line}. Mend this and run `kto refresh` again"
        ) from fault


def _copy(
    connection: psycopg.Connection[tuple[object, ...]],
    folder: Path,
    manifest: Manifest,
    progress: Progress,
) -> bool:
    connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    connection.execute(f"create schema if not exists {SCHEMA}")
    connection.execute(
        f"create table if not exists {SCHEMA}.{NOTE} (release text not null, released_at text)"
    )
    if connection.execute(f"select release from {SCHEMA}.{NOTE}").fetchall() == [
        (manifest.release,)
    ]:
        return False
    wanted = _shapes(folder, manifest.tables)
    found = _found(connection)
    # views hold on to tables, and a table whose columns changed is made anew
    connection.execute(f"drop schema if exists {VIEWS} cascade")
    for table in found.keys() - wanted.keys() - {NOTE}:
        connection.execute(f"drop table {SCHEMA}.{table}")
    with TemporaryDirectory() as scratch:
        for table, columns in wanted.items():
            progress(f"PostgreSQL: {table}")
            rows = Path(scratch) / "rows.csv"
            _write_rows(parquet_file(folder, table), rows)
            _fill(connection, rows, table, columns, found.get(table))
    connection.execute(f"delete from {SCHEMA}.{NOTE}")
    connection.execute(
        f"insert into {SCHEMA}.{NOTE} values (%s, %s)", [manifest.release, manifest.time]
    )
    _make_views(connection, set(wanted))
    _grant(connection)
    return True


def _shapes(folder: Path, tables: Mapping[str, int]) -> dict[str, Columns]:
    """Return the columns of each table, read from its Parquet file."""
    shapes: dict[str, Columns] = {}
    with duckdb.connect() as engine:
        for table in sorted(tables):
            described = engine.execute(
                f"describe select * from read_parquet({literal(parquet_file(folder, table))})"
            ).fetchall()
            shapes[table] = [(str(row[0]), TYPES[str(row[1])]) for row in described]
    return shapes


def _found(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, Columns]:
    """Return the columns of each table that the database has."""
    rows = connection.execute(
        """
        select columns.table_name, columns.column_name, columns.data_type
        from information_schema.columns
        inner join information_schema.tables using (table_schema, table_name)
        where columns.table_schema = %s and tables.table_type = 'BASE TABLE'
        order by columns.table_name, columns.ordinal_position
        """,
        [SCHEMA],
    ).fetchall()
    found: dict[str, Columns] = {}
    for table, column, kind in rows:
        found[str(table)] = [*found.get(str(table), []), (str(column), str(kind))]
    return found


def _fill(
    connection: psycopg.Connection[tuple[object, ...]],
    rows: Path,
    table: str,
    columns: Columns,
    found: Columns | None,
) -> None:
    """Replace the rows of a table by those of a CSV file; make it if its columns are others."""
    if found == columns:
        connection.execute(f"delete from {SCHEMA}.{table}")
    else:
        connection.execute(f"drop table if exists {SCHEMA}.{table}")
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns)
        connection.execute(f"create table {SCHEMA}.{table} ({listed})")
    statement = f"copy {SCHEMA}.{table} from stdin (format csv)"
    with rows.open("rb") as file, connection.cursor().copy(statement) as target:
        while chunk := file.read(CHUNK):
            target.write(chunk)


def _write_rows(parquet: Path, rows: Path) -> None:
    """Write a table as CSV that tells null from an empty text."""
    with duckdb.connect() as engine:
        engine.execute(
            f"copy (select * from read_parquet({literal(parquet)})) to {literal(rows)} "
            "(format csv, header false, force_quote *)"
        )


def _make_views(connection: psycopg.Connection[tuple[object, ...]], tables: set[str]) -> None:
    """Make the labelled views, and one of each table, as schema main of the DuckDB file has."""
    connection.execute(f"create schema {VIEWS}")
    own = labelled_views(tables)
    for table in sorted(tables - own.keys()):
        connection.execute(f"create view {VIEWS}.{table} as select * from {SCHEMA}.{table}")
    for statement in own.values():
        text = re.sub(r"\bmain\.", f"{VIEWS}.", statement)
        connection.execute(re.sub(r"::double\b", "::double precision", text))


def _grant(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let the reading role see schemas, tables and views; make the role if it may be made."""
    known = connection.execute("select 1 from pg_roles where rolname = %s", [READER]).fetchall()
    if not known:
        connection.execute(f"create role {READER} nologin")
    for schema in (SCHEMA, VIEWS):
        connection.execute(f"grant usage on schema {schema} to {READER}")
        connection.execute(f"grant select on all tables in schema {schema} to {READER}")
