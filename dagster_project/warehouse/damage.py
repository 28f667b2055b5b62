"""A damaged warehouse is deleted: everything in it is made from the lake.

Belongs here: distinguishing damage from other errors of DuckDB. Does not belong here:
building anew, which is an ordinary run.

DuckDB keeps a checksum with its headers and with every block, and compares it whenever it reads
one. So damage is looked for only after something went wrong (docs/decisions.md says why).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.warehouse.dbt import DbtError
from dagster_project.warehouse.lock import warehouse_lock

LOCKED = "Could not set lock on file"
"""DuckDB's words when another process has the file; it has no kind of error for that alone."""


class DamagedWarehouseError(UserError):
    """The warehouse could not be read and is gone; the next run makes it anew."""


@contextmanager
def damage_told(settings: Settings) -> Iterator[None]:
    """Remove a warehouse that turns out to be damaged; to be entered before it is opened.

    Raises:
        DamagedWarehouseError: it was; any other fault is raised as it came.

    """
    try:
        yield
    except (duckdb.Error, DbtError) as fault:
        if not discard_if_damaged(settings):
            raise
        raise DamagedWarehouseError(
            f"{settings.warehouse} was damaged and is removed; run again, then it is built anew "
            "from the lake"
        ) from fault


def discard_if_damaged(settings: Settings) -> bool:
    """Read every stored value; remove the warehouse if that fails, and say whether it did."""
    with warehouse_lock(settings):
        if not settings.warehouse.exists():
            return False
        try:
            _read_everything(settings.warehouse)
        except duckdb.Error as error:
            if _is_in_use(error):
                return False
            settings.warehouse.unlink()
            discard_orphaned_log(settings)
            return True
        return False


def discard_orphaned_log(settings: Settings) -> None:
    """Remove the write-ahead log of a warehouse that is gone: it would break the next one."""
    if not settings.warehouse.exists():
        settings.warehouse.with_name(f"{settings.warehouse.name}.wal").unlink(missing_ok=True)


def _is_in_use(error: duckdb.Error) -> bool:
    """Whether another process has the file, or another part of this one."""
    return isinstance(error, duckdb.ConnectionException) or LOCKED in str(error)


def _read_everything(warehouse: Path) -> None:
    with duckdb.connect(warehouse, read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall()
        for schema, table in tables:
            connection.execute(f'select sum(hash(one)) from "{schema}"."{table}" as one').fetchall()
