"""The ledger of this home: what it is read and written with, from the warehouse.

Belongs here: bringing warehouse, pattern and ledger together. Does not belong here: what a ledger
is (disclosure), moving `current` (publish).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.disclosure import Ledger, LedgerStore
from dagster_project.release.export import StagedRelease
from dagster_project.release.manifest import PARQUET_FOLDER, ReleaseError
from dagster_project.settings import Settings
from dagster_project.warehouse import read_warehouse

CELLS = "int_pattern_cells"
HIERARCHIES = "int_hierarchies"
CONTRIBUTIONS = "int_contributions"
WORTH_SHARING = 20_000
"""Rows of cells that take about as long as it takes to start a process."""


@dataclass(frozen=True)
class Figures:
    """What disclosure control decides on: the cells of now, how they add up, what was released."""

    cells: pa.Table
    hierarchies: pa.Table
    ledger: Ledger

    @property
    def workers(self) -> int:
        """Processes that are worth starting for as many cells."""
        return min(4, os.cpu_count() or 1) if self.cells.num_rows > WORTH_SHARING else 1


def read_figures(settings: Settings) -> Figures:
    """Read the cells from the warehouse and compare them with the ledger.

    Raises:
        ReleaseError: the ledger is damaged.

    """
    with read_warehouse(settings) as warehouse, _clearly(settings):
        cells = warehouse.sql(f"from intermediate.{CELLS}").to_arrow_table()
        hierarchies = warehouse.sql(f"from intermediate.{HIERARCHIES}").to_arrow_table()
        contributions = _Contributions(warehouse)
        ledger = LedgerStore(settings.ledger).read(cells, contributions, hierarchies)
    return Figures(cells, hierarchies, ledger)


def frozen_figures(settings: Settings, pattern: pa.Table) -> pa.Table:
    """Read the figures that a pattern freezes, as they were released.

    Raises:
        ReleaseError: the ledger is damaged.

    """
    with _clearly(settings):
        return LedgerStore(settings.ledger).frozen_figures(pattern)


def record(settings: Settings, staged: StagedRelease) -> None:
    """Write a release into the ledger; to be done before anybody can read it.

    Raises:
        ReleaseError: the ledger is damaged.
        OSError: the disk or its rights do not allow it; the ledger is as it was.

    """
    pattern = pq.ParquetFile(settings.pattern).read()
    with read_warehouse(settings) as warehouse, _clearly(settings):
        LedgerStore(settings.ledger).append(
            staged.id,
            warehouse.sql(f"from intermediate.{CELLS}").to_arrow_table(),
            pattern,
            contributions=_Contributions(warehouse),
            hierarchies=warehouse.sql(f"from intermediate.{HIERARCHIES}").to_arrow_table(),
            tables=staged.path / PARQUET_FOLDER,
        )


class _Contributions:
    """The contributions of some blocks, out of the warehouse."""

    def __init__(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        self._warehouse = warehouse

    def __call__(self, blocks: pa.Table) -> pa.Table:
        """Read them; `blocks` has study, organisation_code and year."""
        self._warehouse.register("wanted_blocks", blocks)
        return self._warehouse.sql(
            f"select contributions.* from intermediate.{CONTRIBUTIONS} as contributions "
            "semi join wanted_blocks on contributions.study = wanted_blocks.study "
            "and contributions.organisation_code = wanted_blocks.organisation_code "
            "and left(contributions.period, 4) = wanted_blocks.year"
        ).to_arrow_table()


@contextmanager
def _clearly(settings: Settings) -> Iterator[None]:
    try:
        yield
    except ValueError as fault:
        raise ReleaseError(
            f"{fault}; without the ledger in {settings.ledger} nobody can say what earlier "
            "releases gave away, so nothing is published"
        ) from fault
