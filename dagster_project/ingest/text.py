"""Typed columns of spreadsheets and statistics packages as the text a CSV would hold.

Belongs here: one text form per type, the same for every format. Does not belong here: what a text
means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from dagster_project.ingest.source import Batch, DeliveryRejectedError

LARGEST_EXACT = 2**53
"""Above it a double no longer tells whole numbers apart."""
LONGEST_FIELD = 1_000_000
"""Bytes; a longer field is a fault of the export, not an answer."""
Others = Callable[[], Iterable[pl.Series]]
"""Gives the columns that were not asked for, of the same rows; called only if a row needs them."""


def as_text(column: pl.Series) -> pl.Series:
    """Turn the column into String: whole floats without `.0`, times as ISO 8601, NaN as null.

    Raises:
        pl.exceptions.PolarsError: the column holds lists or other nested values.

    """
    kind = column.dtype
    if kind == pl.String:
        return column
    if kind.is_float():
        return _float_text(column)
    if kind.is_decimal():
        return column.cast(pl.String).str.replace(r"\.(\d*?)0+$", ".$1").str.strip_chars_end(".")
    if isinstance(kind, pl.Datetime):
        return _time_text(column, kind)
    return column.cast(pl.String)


def _float_text(column: pl.Series) -> pl.Series:
    column = column.fill_nan(None)
    whole = (column == column.floor()) & (column.abs() < LARGEST_EXACT)
    digits = column.set(~whole.fill_null(value=False), None).cast(pl.Int64, strict=False)
    return digits.cast(pl.String).zip_with(whole.fill_null(value=False), column.cast(pl.String))


def _time_text(column: pl.Series, kind: pl.Datetime) -> pl.Series:
    plain = column.cast(pl.Datetime("us", kind.time_zone))
    if kind.time_zone is None:
        return plain.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    return plain.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")


def as_batch(typed: pl.DataFrame, first_row: int, others: Others) -> Batch:
    """Rows of any types as a batch of text, numbered from `first_row`.

    Raises:
        DeliveryRejectedError: a column holds lists or other values that have no text form.

    """
    columns = {}
    for name in typed.columns:
        try:
            columns[name] = as_text(typed[name]).fill_null("")
        except pl.exceptions.PolarsError as error:
            why = f"column {name.strip()} holds values that are neither text, numbers nor dates"
            raise DeliveryRejectedError(why) from error
    frame = pl.DataFrame(columns).with_row_index("row", offset=first_row)
    frame = frame.with_columns(pl.col("row").cast(pl.Int64))
    return Batch(*set_aside_oversized(without_blank_rows(frame, others)))


def without_blank_rows(frame: pl.DataFrame, others: Others) -> pl.DataFrame:
    """Leave out rows in which every column but `row`, and every other one, is null or blank."""
    blank = _all_blank(frame[name] for name in frame.columns if name != "row")
    if blank is None or not blank.any():
        return frame
    elsewhere = _all_blank(others())
    return frame.filter(~(blank if elsewhere is None else blank & elsewhere))


def _all_blank(columns: Iterable[pl.Series]) -> pl.Series | None:
    """Say of each row whether it has nothing; None without any column."""
    found: pl.Series | None = None
    for column in columns:
        blank = column.is_null()
        if column.dtype == pl.String:
            blank = blank | (column.str.strip_chars() == "").fill_null(value=True)
        elif column.dtype.is_float():
            blank = blank | column.is_nan().fill_null(value=True)
        found = blank if found is None else found & blank
    return found


def set_aside_oversized(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split off rows with a NUL byte or a field over `LONGEST_FIELD`: (kept, `row` and `why`)."""
    columns = [name for name in frame.columns if name != "row"]
    long = [n for n in columns if (frame[n].str.len_bytes() > LONGEST_FIELD).any()]
    nul = [n for n in columns if frame[n].str.contains("\0", literal=True).any()]
    if not long and not nul:
        return frame, pl.DataFrame(schema={"row": pl.Int64, "why": pl.String})
    is_long = pl.any_horizontal(
        pl.lit(value=False), *[pl.col(n).str.len_bytes() > LONGEST_FIELD for n in long]
    ).fill_null(value=False)
    has_nul = pl.any_horizontal(
        pl.lit(value=False), *[pl.col(n).str.contains("\0", literal=True) for n in nul]
    ).fill_null(value=False)
    why = (
        pl.when(is_long)
        .then(pl.lit("the row has a field of more than 1 MB"))
        .otherwise(pl.lit("the row has a NUL byte"))
    )
    bad = frame.filter(is_long | has_nul).select("row", why=why)
    return frame.filter(~(is_long | has_nul)), bad
