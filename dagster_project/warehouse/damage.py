"""A damaged warehouse is thrown away: everything in it is made from the lake.

Belongs here: finding damage. Does not belong here: building anew, which is an ordinary run.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.settings import Settings


def discard_if_damaged(settings: Settings) -> bool:
    """Read every stored value; remove the warehouse if that fails, and say whether it did."""
    if not settings.warehouse.exists():
        return False
    try:
        _read_everything(settings.warehouse)
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            return False
        settings.warehouse.unlink()
        # A write-ahead log beside another file than its own would break that one too.
        settings.warehouse.with_name(f"{settings.warehouse.name}.wal").unlink(missing_ok=True)
        return True
    return False


def _read_everything(warehouse: Path) -> None:
    with duckdb.connect(warehouse, read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall()
        for schema, table in tables:
            connection.execute(f'select sum(hash(one)) from "{schema}"."{table}" as one').fetchall()
