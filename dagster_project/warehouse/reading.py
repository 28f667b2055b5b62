"""Read the warehouse without writing it, and never while dbt writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from dagster_project.common.settings import Settings
from dagster_project.warehouse.damage import damage_told
from dagster_project.warehouse.lock import warehouse_lock


@contextmanager
def read_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse read-only for the length of the block.

    The connection is closed on leaving: an open one would see old data and block dbt.

    Raises:
        DamagedWarehouseError: the warehouse could not be read.

    """
    with (
        warehouse_lock(settings),
        damage_told(settings),
        duckdb.connect(settings.warehouse, read_only=True) as connection,
    ):
        yield connection
