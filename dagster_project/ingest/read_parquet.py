"""Parquet: typed columns as the text a CSV would hold.

Belongs here: everything that is only true of Parquet. Does not belong here: what a column means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.ingest.source import Batch, DeliveryRejectedError, Reading
from dagster_project.ingest.text import as_batch

ROWS = 65_536
UNREADABLE = "the file is not Parquet, or not all of it is there"


@dataclass(frozen=True)
class ParquetSource:
    """An opened Parquet file."""

    path: Path
    header: Sequence[str]
    advice: str = ""

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """See `Source`."""
        first = 2
        try:
            with self.path.open("rb") as stream, pq.ParquetFile(stream) as file:
                for records in file.iter_batches(ROWS, columns=list(columns)):
                    # the texts of a damaged page may be no texts, which nobody notices yet
                    records.validate(full=True)
                    frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([records])))
                    yield as_batch(frame.select(columns), first)
                    first += records.num_rows
        except (pa.ArrowException, OSError, pl.exceptions.PanicException) as error:
            raise DeliveryRejectedError(UNREADABLE) from error


def open_parquet(path: Path, reading: Reading) -> ParquetSource:
    """Read the file's schema.

    Raises:
        DeliveryRejectedError: no Parquet, or cut off (its schema is at the end).

    """
    del reading
    with path.open("rb") as stream:
        return _opened(path, stream)


def _opened(path: Path, stream: BinaryIO) -> ParquetSource:
    try:
        return ParquetSource(path, pq.read_schema(stream).names)
    except (pa.ArrowException, OSError) as error:
        raise DeliveryRejectedError(UNREADABLE) from error
