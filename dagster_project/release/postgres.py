"""Copies the current release into PostgreSQL, where BI tools that need a server read it.

Belongs here: tables, labelled views and rights in the database, in one transaction. Does not belong
here: what a release holds. Readers see the release before or this one, never a mixture, and neither
they nor the writer wait: rows are deleted and copied (docs/decisions.md says why).

Tables are in schema `marts`, labelled views in schema `bi`; the role `kto_bi` may read both. Both
schemas are this module's own, and bear its mark: one of that name that somebody else made is
refused. Views are left alone as long as they say the same: replacing one waits for its readers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from dagster_project.common.progress import Progress, silent
from dagster_project.common.sql_text import literal
from dagster_project.release.export import labelled_views, parquet_file
from dagster_project.release.manifest import SCHEMA, Manifest, ReleaseError, read_manifest

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
MARK = "kept by kto-pipeline"
PATIENCE = "10s"
"""How long the copy waits for a reader where a table or view has other columns than before."""
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
        progress: called with what is being done.

    Returns:
        Whether anything was copied; not if the database has this release already.

    Raises:
        ReleaseError: the database cannot be reached or written; it is unchanged.

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
            f"PostgreSQL, which is unchanged: {first_line}. Mend this and run `kto refresh` again"
        ) from fault


def _copy(
    connection: psycopg.Connection[tuple[object, ...]],
    folder: Path,
    manifest: Manifest,
    progress: Progress,
) -> bool:
    connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    connection.execute(f"set local lock_timeout = '{PATIENCE}'")
    for schema in (SCHEMA, VIEWS):
        _own(connection, schema)
    connection.execute(
        f"create table if not exists {SCHEMA}.{NOTE} (release text not null, released_at text)"
    )
    current = connection.execute(f"select release from {SCHEMA}.{NOTE}").fetchall()
    if current == [(manifest.release,)]:
        return False
    wanted, found = _shapes(folder, manifest.tables), _found(connection)
    _drop_changed_views(connection, wanted, found)
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


def _own(connection: psycopg.Connection[tuple[object, ...]], schema: str) -> None:
    """Make a schema and mark it; refuse one that bears no mark.

    Raises:
        ReleaseError: it was not made by this module.

    """
    found = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s",
        [schema],
    ).fetchall()
    if not found:
        connection.execute(f"create schema {schema}")
        connection.execute(f"comment on schema {schema} is '{MARK}'")
    elif found != [(MARK,)]:
        raise ReleaseError(
            f"the PostgreSQL database has a schema {schema} that was not made by this pipeline, "
            "and the copy would overwrite it: use a database of its own"
        )


def _shapes(folder: Path, tables: Mapping[str, int]) -> dict[str, Columns]:
    """Return the columns of each table, read from its Parquet file."""
    shapes: dict[str, Columns] = {}
    with duckdb.connect() as engine:
        for table in sorted(tables):
            described = engine.execute(
                f"describe select * from read_parquet({literal(parquet_file(folder, table))})"
            ).fetchall()
            shapes[table] = [(str(row[0]), _type(table, *row[:2])) for row in described]
    return shapes


def _type(table: str, column: str, kind: str) -> str:
    if kind not in TYPES:
        raise ReleaseError(f"{table}, column {column}: {kind} has no type in PostgreSQL")
    return TYPES[kind]


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


def _drop_changed_views(
    connection: psycopg.Connection[tuple[object, ...]],
    wanted: Mapping[str, Columns],
    found: Mapping[str, Columns],
) -> None:
    """Drop all views if a table has other columns than before or the views say something else."""
    statements = _view_statements(set(wanted))
    rows = connection.execute(
        """
        select relname, obj_description(pg_class.oid, 'pg_class')
        from pg_class inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        where nspname = %s and relkind = 'v'
        """,
        [VIEWS],
    ).fetchall()
    known = {str(view): said for view, said in rows}
    is_same = {view: _digest(text) for view, text in statements.items()} == known
    if not (is_same and all(found.get(table) == columns for table, columns in wanted.items())):
        for view in known:
            connection.execute(f"drop view if exists {VIEWS}.{view} cascade")


def _make_views(connection: psycopg.Connection[tuple[object, ...]], tables: set[str]) -> None:
    """Make the labelled views, and one of each table, as schema main of the DuckDB file has."""
    made = connection.execute(
        "select table_name from information_schema.views where table_schema = %s limit 1", [VIEWS]
    ).fetchall()
    if made:
        return
    for view, statement in _view_statements(tables).items():
        connection.execute(statement)
        connection.execute(f"comment on view {VIEWS}.{view} is '{_digest(statement)}'")


def _view_statements(tables: set[str]) -> dict[str, str]:
    own = labelled_views(tables)
    statements = {
        table: f"create view {VIEWS}.{table} as select * from {SCHEMA}.{table}"
        for table in sorted(tables - own.keys())
    }
    for view, statement in own.items():
        text = re.sub(r"\bmain\.", f"{VIEWS}.", statement)
        statements[view] = re.sub(r"::double\b", "::double precision", text)
    return statements


def _digest(statement: str) -> str:
    return hashlib.sha256(statement.encode()).hexdigest()


def _grant(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let the reading role see schemas, tables and views; make the role if it may be made."""
    known = connection.execute("select 1 from pg_roles where rolname = %s", [READER]).fetchall()
    if not known:
        connection.execute(f"create role {READER} nologin")
    for schema in (SCHEMA, VIEWS):
        connection.execute(f"grant usage on schema {schema} to {READER}")
        connection.execute(f"grant select on all tables in schema {schema} to {READER}")
