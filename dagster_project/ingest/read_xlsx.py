"""Excel workbooks: one sheet, plain cells.

Belongs here: everything that is only true of workbooks, the guard against zip bombs included. Does
not belong here: what a column means.
"""

from __future__ import annotations

import itertools
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from dagster_project.ingest.source import Batch, DeliveryRejectedError, Reading, malformed
from dagster_project.ingest.text import as_batch

ROWS = 20_000
CHUNK = 1024 * 1024
LARGEST, LARGEST_RATIO = 2 * 1024**3, 200
"""Bytes when unpacked, and how many times the packed size; real workbooks pack 5 to 50 times."""
SMALL = 64 * 1024**2
"""Bytes when unpacked below which the ratio does not matter."""
UNREADABLE = "the file is not an Excel workbook (.xlsx), or not all of it is there"
NOT_CALCULATED = re.compile(
    rb'<c\s(?:(?!t="str")[^>])*>\s*<f[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
LONGEST_CELL = 64 * 1024
FAULTS = (CalamineError, zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True)
class XlsxSource:
    """An opened workbook and the sheet that counts."""

    sheet: CalamineSheet
    header: Sequence[str]

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """See `Source`."""
        places = {name: self.header.index(name) for name in columns}
        rows = itertools.islice(self.sheet.iter_rows(), 1, None)
        first = 2
        while chunk := list(itertools.islice(rows, ROWS)):
            cells = list(zip(*chunk, strict=True))
            frame = pl.DataFrame({name: _text(cells[place]) for name, place in places.items()})
            yield self._set_long_rows_aside(as_batch(frame, first), cells, first)
            first += len(chunk)

    def _set_long_rows_aside(
        self, batch: Batch, cells: Sequence[tuple[object, ...]], first: int
    ) -> Batch:
        beyond = [_text(column) for column in cells[len(self.header) :]]
        long = {place for column in beyond for place in (column != "").arg_true().to_list()}
        if not long:
            return batch
        rows = sorted(first + place for place in long)
        why = f"the row has more fields than the header, which has {len(self.header)}"
        kept = batch.frame.filter(~pl.col("row").is_in(rows))
        aside = pl.concat([batch.malformed, malformed(rows, why)]).unique("row").sort("row")
        return Batch(kept, aside)


def open_xlsx(path: Path, reading: Reading) -> XlsxSource:
    """See that the workbook is safe to unpack and take the named or the first sheet.

    Raises:
        DeliveryRejectedError: no workbook, a zip bomb, no such sheet, merged cells, formulas
            without a value.

    """
    path.open("rb").close()
    try:
        _refuse_bomb(path)
        workbook = CalamineWorkbook.from_path(path)
        name = _sheet_name(workbook, reading.sheet)
        sheet = workbook.get_sheet_by_name(name)
        _refuse_formulas(path, workbook.sheet_names.index(name))
    except FAULTS as error:
        raise DeliveryRejectedError(UNREADABLE) from error
    if sheet.merged_cell_ranges:
        raise DeliveryRejectedError(f"sheet {name} has merged cells; unmerge them")
    cells = next(iter(sheet.iter_rows()), [])
    header = [cell if isinstance(cell, str) else _text([cell])[0] for cell in cells]
    while header and not header[-1].strip():
        header.pop()
    return XlsxSource(sheet, header)


def _text(cells: Sequence[object]) -> pl.Series:
    text = pl.Series(cells, dtype=pl.String, strict=False)
    return text.str.replace(r"^(-?\d+)\.0$", "$1")


def _sheet_name(workbook: CalamineWorkbook, wanted: str | None) -> str:
    sheets = [s.name for s in workbook.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    if wanted is None and sheets:
        return sheets[0]
    if wanted in sheets:
        return str(wanted)
    raise DeliveryRejectedError(f"the workbook has no sheet {wanted or 'with cells'}")


def _refuse_bomb(path: Path) -> None:
    """Judge by the directory, then unpack piece by piece to see that the directory does not lie."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        size = sum(member.file_size for member in members)
        packed = max(path.stat().st_size, 1)
        if size > LARGEST or (size > SMALL and size > LARGEST_RATIO * packed):
            raise DeliveryRejectedError(
                f"the workbook unpacks to {size // 1024**2} MB, {size // packed} times its size"
            )
        for member in members:
            with archive.open(member) as stream:
                while stream.read(CHUNK):
                    pass


def _refuse_formulas(path: Path, place: int) -> None:
    """See that no formula is without a value, which would pass for a blank."""
    with zipfile.ZipFile(path) as archive:
        member = _member(archive, place)
        if member is None:
            return
        with archive.open(member) as stream:
            kept = b""
            while block := stream.read(CHUNK):
                if b"<f" in block and NOT_CALCULATED.search(kept + block):
                    raise DeliveryRejectedError(
                        "the workbook has a formula without a value; open it in Excel and save it"
                    )
                kept = (kept + block)[-LONGEST_CELL:]


def _member(archive: zipfile.ZipFile, place: int) -> str | None:
    """Find the part of the archive that holds a sheet."""
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    ids = re.findall(r'<(?:\w+:)?sheet\b[^>]*\br:id="([^"]+)"', book)
    targets = {
        found["id"]: found["target"]
        for link in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links)
        if (found := {k.lower(): v for k, v in re.findall(r'\b(Id|Target)="([^"]*)"', link)})
        and {"id", "target"} <= found.keys()
    }
    target = targets.get(ids[place]) if place < len(ids) else None
    if target is None:
        return None
    name = target.removeprefix("/")
    name = name if name.startswith("xl/") else f"xl/{name}"
    return name if name in archive.namelist() else None
