"""What every reader gives: a header and batches of text columns.

Belongs here: the shape that readers share. Does not belong here: which reader a file has
(reading_worker), any file format, any meaning of a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

MALFORMED_SCHEMA = pl.Schema({"row": pl.Int64, "why": pl.String})


class DeliveryRejectedError(Exception):
    """A delivery that cannot be read; `str()` is the one clear reason, without values of rows."""


@dataclass(frozen=True)
class Batch:
    """Some consecutive rows of a delivery.

    `frame` has Int64 `row` (as in a spreadsheet: the header is row 1, unless titles stand above it)
    and one String column for each header asked for, by its name as it stands in the file. Rows
    without any value are left out; a row with a value in another column of the file is not one of
    them. `malformed` has Int64 `row` and String `why` for rows that could
    not be cut into fields.
    """

    frame: pl.DataFrame
    malformed: pl.DataFrame


class Source(Protocol):
    """An opened delivery; `header` holds the column names as they stand in the file.

    `advice` is what its format may have to do with columns that are missing, as the end of a line.
    """

    @property
    def header(self) -> Sequence[str]:
        """Column names in file order, untrimmed."""
        ...

    @property
    def advice(self) -> str: ...  # noqa: D102

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Read the rows from the start, each time it is called.

        Raises:
            DeliveryRejectedError: the file is damaged further on.

        """
        ...


@dataclass(frozen=True)
class Reading:
    """What a reader may need to know besides the path.

    `sheet` is the sheet of a workbook (None: the first, or the only one with a header). `required`
    gives for each column that must be there the folded names it may have. `known` gives, by folded
    header, the texts that a column may hold (trimmed, lower case): answers first, then those that
    mean no answer.
    """

    sheet: str | None = None
    required: tuple[frozenset[str], ...] = ()
    known: Mapping[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)


def malformed(rows: Sequence[int], why: Sequence[str] | str) -> pl.DataFrame:
    """Malformed rows as a frame of `MALFORMED_SCHEMA`."""
    whys = [why] * len(rows) if isinstance(why, str) else list(why)
    return pl.DataFrame({"row": list(rows), "why": whys}, schema=MALFORMED_SCHEMA)
