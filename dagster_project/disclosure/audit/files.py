"""Checks a release folder file by file: nothing is in it that the audit has not read.

Belongs here: files, the manifest, the database. Does not belong here: what the tables say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.audit.contract import DATABASE_FILE, MANIFEST, MANIFEST_FILE, VIEWS
from dagster_project.disclosure.audit.derived import Finding

PARQUET_FOLDER = "parquet"
SCHEMA = "marts"
ALONE: dict[str, str | bool | int | float | list[str]] = {"enable_external_access": False}
OBJECTS = """
    select database_name, schema_name, table_name, 'table' from duckdb_tables()
    union all
    select database_name, schema_name, view_name, 'view' from duckdb_views() where not internal
"""


def audit_files(
    folder: Path, released: Mapping[str, pa.Table], fixed: Mapping[str, bytes]
) -> list[Finding]:
    """Find files, manifest entries and database objects that the audit does not know.

    Args:
        folder: the release.
        released: its tables as `read_release` gives them.
        fixed: by name, the files that every release has and what is in them.

    """
    tables = {f"{PARQUET_FOLDER}/{table}.parquet" for table in released}
    known = {DATABASE_FILE, MANIFEST_FILE, *fixed, *tables}
    found = [
        Finding("files", name, "the audit does not know this file")
        for name in _names(folder)
        if name not in known
    ]
    found += [
        Finding("files", name, "differs from what every release has")
        for name, content in fixed.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content
    ]
    found += _manifest(folder / MANIFEST_FILE, released)
    if (folder / DATABASE_FILE).is_file():
        found += _database(folder / DATABASE_FILE, released)
    else:
        found.append(Finding("files", DATABASE_FILE, "the release lacks this file"))
    return found


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()


def _manifest(path: Path, released: Mapping[str, pa.Table]) -> list[Finding]:
    """Unknown keys, and numbers other than the rows of tables."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        return [Finding("manifest", "", f"cannot be read ({fault})")]
    if not isinstance(manifest, dict):
        return [Finding("manifest", "", "is not an object")]
    found = [
        Finding("manifest", key, "the audit does not know this key")
        for key in manifest
        if key not in MANIFEST
    ]
    rows = {name: table.num_rows for name, table in released.items()}
    if manifest.get("tables") != rows:
        found.append(Finding("manifest", "tables", "not the rows of the published tables"))
    found += [
        Finding("manifest", key, "holds a number")
        for key in MANIFEST
        if key != "tables" and _has_number(manifest.get(key))
    ]
    return found


def _has_number(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_number(part) for part in value.values())
    if isinstance(value, list):
        return any(_has_number(part) for part in value)
    return isinstance(value, int | float)


def _database(path: Path, released: Mapping[str, pa.Table]) -> list[Finding]:
    """Anything in the database that is not one of the tables, with the same rows."""
    found = []
    try:
        with duckdb.connect(str(path), read_only=True, config=ALONE) as database:
            own = database.sql("select current_database()").fetchall()[0][0]
            objects = [row for row in database.sql(OBJECTS).fetchall() if row[0] == own]
            for _, schema, name, kind in objects:
                if kind == "view" and schema == "main" and name in {*released, *VIEWS}:
                    # what it can read is this file, and all tables in it are looked at
                    database.execute(f'select * from "{schema}"."{name}"').fetchone()
                    continue
                if kind != "table" or schema != SCHEMA or name not in released:
                    found.append(Finding(path.name, f"{schema}.{name}", f"unknown {kind}"))
                    continue
                table = database.sql(f'select * from "{schema}"."{name}"').to_arrow_table()
                if not _equal(table, released[name]):
                    found.append(Finding(path.name, name, "differs from its Parquet file"))
            known = {name for _, schema, name, _ in objects if schema == SCHEMA}
    except duckdb.Error as fault:
        return [Finding(path.name, "", f"cannot be read ({fault})")]
    return found + [
        Finding(path.name, name, "the database lacks this table")
        for name in released
        if name not in known
    ]


def _equal(one: pa.Table, other: pa.Table) -> bool:
    left, right = pl.DataFrame(one), pl.DataFrame(other)
    if left.columns != right.columns or left.height != right.height:
        return False
    order = left.columns
    return left.sort(order, nulls_last=True).equals(right.sort(order, nulls_last=True))
