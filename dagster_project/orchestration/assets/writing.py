"""How an asset leaves a table for the next dbt step.

Belongs here: writing one Parquet file so that no reader finds half of it. Does not belong here: the
lake, the ledger and releases, which have rules of their own.
"""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_parquet(table: pa.Table, path: Path) -> None:
    """Replace the file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    pq.write_table(table, unfinished)
    os.replace(unfinished, path)  # noqa: PTH105
