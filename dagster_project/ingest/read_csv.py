"""CSV: which encoding, which delimiter, and rows in blocks.

Belongs here: everything that is only true of CSV. Does not belong here: what a column means.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv

from dagster_project.ingest.find_header import LOOKED_AT, NO_NAMES, HeaderRow, find_header
from dagster_project.ingest.quotes import QuoteCheck
from dagster_project.ingest.source import Batch, DeliveryRejectedError, Reading, malformed
from dagster_project.ingest.text import Others, set_aside_oversized, without_blank_rows

BLOCK = 8 * 1024 * 1024
HEADER_BYTES = 256 * 1024
DELIMITERS = ";,\t"
ONE_COLUMN = "; row 1 is one column, so check that ; or , or tab separates"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class CsvSource:
    """An opened CSV file; `cut` is true when it ends inside the quotes of its last line."""

    path: Path
    encoding: str
    delimiter: str
    names: HeaderRow
    cut: bool
    rows: bool

    @property
    def header(self) -> Sequence[str]:
        """See `Source`."""
        return self.names.names

    @property
    def advice(self) -> str:
        """See `Source`."""
        return ONE_COLUMN if len(self.header) == 1 else NO_NAMES

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """See `Source`."""
        if not self.rows:
            return iter(())
        read = self._read(columns)
        return _without_cut_row(read) if self.cut else read

    def _read(self, columns: Sequence[str]) -> Iterator[Batch]:
        skipped = _Skipped(self.delimiter)
        try:
            with self.path.open("rb") as file, self._stream(file) as stream:
                reader = self._reader(stream, skipped)
                next_row = self.names.row + 1
                for records in reader:
                    frame = pl.DataFrame(pl.from_arrow(records.select(list(columns))))
                    rows = skipped.number(next_row, frame.height)
                    next_row = int(rows[-1]) + 1 if len(rows) else next_row
                    frame.insert_column(0, pl.Series("row", rows))
                    yield self._batch(frame, partial(_others, records, columns), skipped)
        except (pa.ArrowException, OSError) as error:
            raise DeliveryRejectedError(_why(error)) from None
        if rest := skipped.take():
            aside = _skipped_rows(rest).filter(pl.col("row") > self.names.last)
            yield Batch(_no_rows(columns), aside)

    def _stream(self, file: BinaryIO) -> pa.NativeFile:
        stream = pa.PythonFile(file, "r")
        if self.encoding == "utf-8":
            return stream
        return pa.transcoding_input_stream(stream, self.encoding, "utf-8")

    def _reader(self, stream: pa.NativeFile, skipped: _Skipped) -> pacsv.CSVStreamingReader:
        return pacsv.open_csv(
            stream,
            read_options=pacsv.ReadOptions(
                use_threads=False, block_size=BLOCK, skip_rows=self.names.row - 1
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=skipped.handle,
            ),
            convert_options=pacsv.ConvertOptions(
                default_column_type=pa.large_string(), strings_can_be_null=False
            ),
        )

    def _batch(self, frame: pl.DataFrame, others: Others, skipped: _Skipped) -> Batch:
        rows = _skipped_rows(skipped.take())
        frame, oversized = set_aside_oversized(without_blank_rows(frame, others))
        data = pl.col("row") > self.names.last
        return Batch(frame.filter(data), pl.concat([rows, oversized]).filter(data))


@dataclass
class _Skipped:
    """Rows that the parser left out, so that the row numbers of the others are known."""

    delimiter: str
    numbers: list[int] = field(default_factory=list)
    waiting: list[tuple[int, str]] = field(default_factory=list)

    def handle(self, row: pacsv.InvalidRow) -> str:
        """Note the row and go on without it."""
        self.numbers.append(row.number)
        if (row.text is None) or row.text.replace(self.delimiter, "").strip():
            why = f"the row has {row.actual_columns} fields and the header {row.expected_columns}"
            self.waiting.append((row.number, why))
        return "skip"

    def number(self, first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Numbers of the next `count` good rows, the first possible one being `first`."""
        left_out = [number for number in self.numbers if number >= first]
        possible = np.arange(first, first + count + len(left_out), dtype=np.int64)
        self.numbers = left_out
        return np.setdiff1d(possible, np.array(left_out, dtype=np.int64), assume_unique=True)[
            :count
        ]

    def take(self) -> list[tuple[int, str]]:
        """Give the rows noted since the last call."""
        taken, self.waiting = self.waiting, []
        return taken


def open_csv(path: Path, reading: Reading) -> CsvSource:
    """Find encoding and delimiter, and see that all quotation marks close.

    Raises:
        DeliveryRejectedError: empty, no text, UTF-16, in neither encoding, or with open quotes.

    """
    with path.open("rb") as file:
        start = file.read(HEADER_BYTES)
    _refuse_other_formats(start)
    encoding = _encoding(path)
    text = codecs.getincrementaldecoder(encoding)().decode(start).removeprefix("\ufeff")
    delimiter, names = _names(text, reading)
    rows = len(start) == HEADER_BYTES or _has_rows(text, delimiter, names)
    return CsvSource(path, encoding, delimiter, names, _check_quotes(path, delimiter), rows)


def _refuse_other_formats(start: bytes) -> None:
    if not start.strip():
        raise DeliveryRejectedError("the file is empty")
    for magic, name in (
        (b"PK\3\4", "a workbook or zip file"),
        (b"PAR1", "Parquet"),
        (b"$FL", "SPSS"),
    ):
        if start.startswith(magic):
            raise DeliveryRejectedError(f"the file is {name}, not CSV as its name says")
    if start.startswith(UTF16) or b"\0" in start.split(b"\n", 1)[0]:
        raise DeliveryRejectedError("the file is not UTF-8 or Windows-1252 text (UTF-16?)")


def _encoding(path: Path) -> str:
    """Decode the whole file: UTF-8, and Windows-1252 only if it is not (see docs/decisions.md)."""
    with path.open("rb") as file:
        marked = file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
    for encoding in ("utf-8",) if marked else ("utf-8", "cp1252"):
        if _decodes(path, codecs.getincrementaldecoder(encoding)("strict")):
            return encoding
    raise DeliveryRejectedError("the file is neither UTF-8 nor Windows-1252 text")


def _decodes(path: Path, decoder: codecs.IncrementalDecoder) -> bool:
    accents = False
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK):
                accents = not decoder.decode(block).isascii() or accents
        except UnicodeDecodeError:
            return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if accents:
            why = "the file ends in the middle of a character; not all of it is there"
            raise DeliveryRejectedError(why) from error
        return False
    return True


def _names(text: str, reading: Reading) -> tuple[str, HeaderRow]:
    """Find the delimiter and the names: those that are required, else most columns in row 1."""
    found = {mark: find_header(_rows(text, mark), reading.required) for mark in DELIMITERS}
    return max(found.items(), key=lambda item: (item[1].found, len(item[1].names)))


def _has_rows(text: str, delimiter: str, names: HeaderRow) -> bool:
    begins = next((line for line, _ in _rows(text, delimiter) if line > names.row), None)
    lines = list(io.StringIO(text, newline=""))
    return begins is not None and any(line.strip() for line in lines[begins - 1 :])


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Cut the first rows, each with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for _ in range(LOOKED_AT):
        try:
            row = next(reader, None)
        except csv.Error as error:
            if line == 1:
                raise DeliveryRejectedError("row 1 does not hold column names") from error
            return
        if row is None:
            return
        yield line, row
        line = reader.line_num + 1


def _check_quotes(path: Path, delimiter: str) -> bool:
    """Whether the last line was cut inside a quoted field."""
    check, last = QuoteCheck(ord(delimiter)), b""
    with path.open("rb") as file:
        file.read(len(codecs.BOM_UTF8)) if file.peek(3).startswith(codecs.BOM_UTF8) else None
        while block := file.read(BLOCK):
            check.feed(block)
            last = block
    check.finish()
    if check.broken or (check.inside and (check.lines or last.endswith(b"\n"))):
        raise DeliveryRejectedError("a quotation mark is opened and never closed")
    return check.inside


def _without_cut_row(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Count the last row of all as malformed: the file ends in the middle of it."""
    held: Batch | None = None
    for batch in batches:
        if held:
            yield held
        held = batch
    if not held:
        return
    cut = held.frame.tail(1)["row"].to_list()
    if cut and cut[0] > max(held.malformed["row"].to_list(), default=0):
        rows = [held.malformed, malformed(cut, "the file ends in the middle of the row")]
        held = Batch(held.frame.head(-1), pl.concat(rows))
    yield held


def _why(error: Exception) -> str:
    if "straddling" in str(error):
        return "a row is longer than 8 MB"
    return "the file cannot be read as CSV"


def _skipped_rows(rows: list[tuple[int, str]]) -> pl.DataFrame:
    return malformed([number for number, _ in rows], [why for _, why in rows])


def _others(records: pa.RecordBatch, columns: Sequence[str]) -> Iterator[pl.Series]:
    for name, texts in zip(records.schema.names, records.columns, strict=True):
        if name not in columns:
            yield pl.Series(pl.from_arrow(texts))


def _no_rows(columns: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.Int64, **dict.fromkeys(columns, pl.String)})
