"""What the models made of each delivery, kept beside the warehouse so that a report needs no lock.

Belongs here: small Parquet summaries under `internal/`. Does not belong here: anything that is
published; these files count answers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.common.settings import Settings
from dagster_project.common.sql_text import literal
from dagster_project.release.export import OFFLINE
from dagster_project.release.manifest import ReleaseError
from dagster_project.warehouse.damage import damage_told
from dagster_project.warehouse.lock import warehouse_lock

DELIVERY_ROWS = "delivery_rows.parquet"
QUERIES = {
    DELIVERY_ROWS: "select feed, delivery, rows_counted, rows_superseded, rows_set_aside, "
    "rows_late, rows_unmatched from warehouse.intermediate.int_delivery_rows order by all",
}


@dataclass(frozen=True)
class RowCounts:
    """What became of the accepted rows of one delivery; unmatched ones are among the counted."""

    rows_counted: int
    rows_superseded: int
    rows_set_aside: int
    rows_unmatched: int
    rows_late: int


def export_internal(settings: Settings) -> None:
    """Write `delivery_rows.parquet`, whole or not at all.

    Raises:
        ReleaseError: the models have not run, or the disk does not allow it.

    """
    if not settings.warehouse.is_file():
        raise ReleaseError(f"{settings.warehouse} does not exist; run `kto refresh` first")
    settings.internal.mkdir(parents=True, exist_ok=True)
    try:
        with (
            warehouse_lock(settings),
            damage_told(settings),
            duckdb.connect(config=OFFLINE) as engine,
        ):
            engine.execute(f"attach {literal(settings.warehouse)} as warehouse (read_only)")
            for name, query in QUERIES.items():
                draft = settings.internal / f".{name}-{os.getpid()}"
                engine.execute(f"copy ({query}) to {literal(draft)} (format parquet)")
                draft.replace(settings.internal / name)
    except (OSError, duckdb.Error) as fault:
        raise ReleaseError(
            f"The run summary could not be written to {settings.internal}: "
            f"{str(fault).partition(chr(10))[0]}; mend this and run `kto refresh` again"
        ) from fault


def read_row_counts(settings: Settings) -> Mapping[tuple[str, str], RowCounts]:
    """Read the counts by (feed, delivery); empty before the models ran.

    Raises:
        ReleaseError: they cannot be read.

    """
    return {
        (row["feed"], row["delivery"]): RowCounts(
            row["rows_counted"],
            row["rows_superseded"],
            row["rows_set_aside"],
            row["rows_unmatched"],
            row["rows_late"],
        )
        for row in _rows(settings.internal / DELIVERY_ROWS)
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    try:
        rows: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist()
    except (OSError, pa.ArrowException) as fault:
        raise ReleaseError(f"{path} cannot be read ({fault}); run `kto refresh`") from fault
    return rows
