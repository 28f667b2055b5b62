"""Use the warehouse: run dbt on it, or read it, never both at once.

Belongs here: the lock, and what a run or a reader needs. Does not belong here: which models to
build, which tables to read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from dagster_project.common.settings import Settings
from dagster_project.warehouse.damage import damage_told, discard_orphaned_log
from dagster_project.warehouse.dbt import DbtNode, invoke
from dagster_project.warehouse.lock import warehouse_lock
from dagster_project.warehouse.manifest import parsed_project


def run_dbt(
    settings: Settings,
    command: str,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    variables: Mapping[str, object] | None = None,
    on_node: Callable[[DbtNode], None] = lambda _: None,
) -> None:
    """Run one dbt command on the home's warehouse and tell about each node as it ends.

    Every test of a selected model runs, unless it is excluded. dbt's own files go under the home,
    so that two homes never share a half-parsed state.

    Raises:
        DbtError: a node failed, or the project cannot be parsed.
        DamagedWarehouseError: the warehouse could not be read.

    """
    arguments = [
        command,
        *(["--select", *select] if select else []),
        *(["--exclude", *exclude] if exclude else []),
        *(["--vars", json.dumps(dict(variables))] if variables else []),
        *(["--indirect-selection", "eager"] if command in {"build", "test"} else []),
    ]
    with warehouse_lock(settings):
        project = parsed_project(settings)
        discard_orphaned_log(settings)
        with damage_told(settings):
            invoke(settings, settings.home / "dbt", arguments, project=project, on_node=on_node)


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
