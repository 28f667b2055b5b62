"""Parquet: typed columns as the text a CSV would hold.

Belongs here: everything that is only true of Parquet. Does not belong here: what a column means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
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
                others = _Others(file, [name for name in self.header if name not in columns])
                for records in file.iter_batches(ROWS, columns=list(columns)):
                    # the texts of a damaged page may be no texts, which nobody notices yet
                    records.validate(full=True)
                    frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([records])))
                    of_these = partial(others.of, first - 2, records.num_rows)
                    yield as_batch(frame.select(columns), first, of_these)
                    first += records.num_rows
        except (pa.ArrowException, OSError, pl.exceptions.PanicException) as error:
            raise DeliveryRejectedError(UNREADABLE) from error


class _Others:
    """Columns that were not asked for, read as far as they are needed."""

    def __init__(self, file: pq.ParquetFile, columns: Sequence[str]) -> None:
        self._batches = file.iter_batches(ROWS, columns=list(columns)) if columns else iter(())
        self._filled = pl.Series(dtype=pl.Boolean)

    def of(self, first: int, rows: int) -> list[pl.Series]:
        """Give a column for some rows that is null where they hold nothing."""
        for records in self._batches:
            self._filled.append(_filled(records))
            if len(self._filled) >= first + rows:
                break
        return [self._filled.slice(first, rows)] if len(self._filled) else []


def _filled(records: pa.RecordBatch) -> pl.Series:
    blank = pa.array([True] * records.num_rows)
    for values in records.columns:
        blank = pc.and_(blank, _blank(values))
    filled = pc.if_else(blank, pa.scalar(None, pa.bool_()), pa.scalar(True))
    return pl.Series(pl.from_arrow(filled))


def _blank(values: pa.Array) -> pa.Array:
    """Say which values are null, NaN or a blank text."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    blank = values.is_null(nan_is_null=pa.types.is_floating(kind))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        text = pc.utf8_trim_whitespace(values.cast(pa.large_string()))
        return pc.or_(blank, pc.equal(text, "").fill_null(True))
    return blank


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
