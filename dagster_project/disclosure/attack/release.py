"""Reads a published release the way any reader can.

Belongs here: the Parquet files of a release. Does not belong here: what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PARQUET_FOLDER = "parquet"


def read_release(folder: Path) -> Mapping[str, pa.Table]:
    """Read every published table of the release in `folder`, by name.

    Raises:
        ValueError: the folder holds no tables, or one that cannot be read.

    """
    files = sorted((folder / PARQUET_FOLDER).glob("*.parquet"))
    if not files:
        raise ValueError(f"{folder / PARQUET_FOLDER} holds no published tables")
    tables = {}
    for file in files:
        try:
            tables[file.stem] = pq.read_table(file)
        except (OSError, pa.ArrowException) as fault:
            raise ValueError(f"{file} cannot be read ({fault})") from fault
    return tables
