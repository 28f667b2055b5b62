"""Excel workbooks: one sheet, plain cells.

Belongs here: everything that is only true of workbooks, the guard against zip bombs included. Does
not belong here: what a column means.
"""

from __future__ import annotations

import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from dagster_project.ingest.find_header import LOOKED_AT, NO_NAMES, HeaderRow, find_header
from dagster_project.ingest.masking import open_name
from dagster_project.ingest.source import Batch, DeliveryRejectedError, Reading, malformed
from dagster_project.ingest.text import as_batch

ROWS = 20_000
LETTERS = 26
CHUNK = 1024 * 1024
LARGEST, LARGEST_RATIO = 2 * 1024**3, 200
"""Bytes when unpacked, and how many times the packed size; real workbooks pack 5 to 50 times.

See docs/decisions.md.
"""
SMALL = 64 * 1024**2
"""Bytes when unpacked below which the ratio does not matter."""
UNREADABLE = "the file is not an Excel workbook (.xlsx), or not all of it is there"
NOT_CALCULATED = re.compile(
    rb'<c\s(?:(?!t="str")[^>])*>\s*<f[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
ERROR_CELL = re.compile(
    rb'<c\s(?=[^>]*\bt="e")(?:[^>]*?\br="([A-Z]+)(\d+)")?[^>]*>\s*(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?'
    rb"\s*<v>([^<]*)</v>"
)
"""Column letters, row and text of a cell such as #N/A; letters and row may be missing."""
LONGEST_CELL = 64 * 1024
LONGEST_TITLE = 31
"""Characters, as Excel has it."""
DIGITS = 15
LONG_NUMBER = r"^(\d{16,})\.0$"
FAULTS = (
    *(CalamineError, zipfile.BadZipFile, zlib.error),
    *(EOFError, OSError, ValueError, RuntimeError),
)


@dataclass(frozen=True)
class XlsxSource:
    """An opened workbook and the sheet that counts.

    `errors` are its cells with an error such as #N/A, which a reader would take for blanks: `row`,
    `place` (the first column of the sheet that is used is 0) and `text`.
    """

    sheet: CalamineSheet
    names: HeaderRow
    errors: pl.DataFrame
    advice: str = ""

    @property
    def header(self) -> Sequence[str]:
        """See `Source`."""
        return self.names.names

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """See `Source`."""
        places = {name: self.header.index(name) for name in columns}
        rows = itertools.islice(self.sheet.iter_rows(), self.names.last, None)
        first = self.names.last + 1
        while chunk := list(itertools.islice(rows, ROWS)):
            cells = list(zip(*chunk, strict=True))
            frame = pl.DataFrame(
                {name: self._texts(cells[place], place, first) for name, place in places.items()}
            )
            others = partial(self._others, cells, places, first)
            yield self._set_long_rows_aside(as_batch(frame, first, others), cells, first)
            first += len(chunk)

    def _others(
        self, cells: Sequence[Sequence[object]], asked: Mapping[str, int], first: int
    ) -> Iterator[pl.Series]:
        for place in range(len(self.header)):
            if place not in asked.values():
                yield self._texts(cells[place], place, first)

    def _texts(self, cells: Sequence[object], place: int, first: int) -> pl.Series:
        """Texts of some cells of a column, from row `first` on, errors among them."""
        rows = pl.col("row").is_between(first, first + len(cells) - 1)
        errors = self.errors.filter((pl.col("place") == place) & rows)
        texts = _text(cells)
        return texts.scatter(errors["row"] - first, errors["text"]) if errors.height else texts

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
        sheet, names, advice = _sheet(workbook, reading)
        place = workbook.sheet_names.index(sheet.name)
        errors = _error_cells(path, place, (sheet.start or (0, 0))[1])
    except FAULTS as error:
        raise DeliveryRejectedError(UNREADABLE) from error
    if any(last[0] + 1 >= names.row for _, last in sheet.merged_cell_ranges or ()):
        raise DeliveryRejectedError(f"sheet {_shown(sheet.name)} has merged cells; unmerge them")
    return XlsxSource(sheet, names, errors, advice)


def _sheet(workbook: CalamineWorkbook, reading: Reading) -> tuple[CalamineSheet, HeaderRow, str]:
    """Take the named sheet; else the first, or the only one in which the names are found.

    Returns:
        The sheet, its names, and advice if those are not what is required.

    """
    titles = [s.name for s in workbook.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    if not titles or reading.sheet not in (None, *titles):
        raise DeliveryRejectedError(
            f"the workbook has no sheet {reading.sheet or 'with cells'}"
            + (f"; it has {', '.join(map(_shown, titles))}" if titles else "")
        )
    wanted = titles if reading.sheet is None else [reading.sheet]
    found = []
    for title in wanted:
        sheet = workbook.get_sheet_by_name(title)
        names = find_header(_first_rows(sheet), reading.required)
        if title == wanted[0]:
            first = sheet, names
        if names.found:
            found.append((sheet, names))
    chosen = first if first[1].found or len(found) != 1 else found[0]
    advice = NO_NAMES
    if len(titles) > 1:
        advice += (
            f" in sheet {_shown(chosen[0].name)} of {', '.join(map(_shown, titles))}; "
            "name the right one in column sheet of feeds.csv"
        )
    return *chosen, advice


def _shown(title: str) -> str:
    return open_name(title, LONGEST_TITLE)


def _first_rows(sheet: CalamineSheet) -> Iterator[tuple[int, Sequence[str]]]:
    for number, cells in enumerate(itertools.islice(sheet.iter_rows(), LOOKED_AT), start=1):
        yield number, [cell if isinstance(cell, str) else _text([cell])[0] for cell in cells]


def _text(cells: Sequence[object]) -> pl.Series:
    text = pl.Series("text", cells, dtype=pl.String, strict=False)
    long = text.str.contains(LONG_NUMBER)
    if long.any():  # a workbook keeps 15 digits of a number: no more than these are what was typed
        digits = text.str.extract(LONG_NUMBER)
        power = (digits.str.len_chars() - 1).cast(pl.String)
        shortened = digits.str.slice(0, 1) + "." + digits.str.slice(1, DIGITS - 1) + "e+" + power
        text = text.zip_with(~long.fill_null(value=False), shortened)
    return text.str.replace(r"^(-?\d+)\.0$", "$1")


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


def _error_cells(path: Path, place: int, first_column: int) -> pl.DataFrame:
    """Find the cells with an error, and see that no formula is without a value.

    Either would pass for a blank.
    """
    found: dict[tuple[int, int], str] = {}
    with zipfile.ZipFile(path) as archive:
        member = _member(archive, place)
        if member is not None:
            with archive.open(member) as stream:
                kept = b""
                while block := stream.read(CHUNK):
                    cells = kept + block
                    if b"<f" in block and NOT_CALCULATED.search(cells):
                        raise DeliveryRejectedError(
                            "the workbook has a formula without a value; "
                            "open it in Excel and save it"
                        )
                    if b't="e"' in cells:
                        found.update(_errors_in(cells, first_column))
                    kept = cells[-LONGEST_CELL:]
    rows = [(row, column, text) for (row, column), text in found.items()]
    schema = {"row": pl.Int64, "place": pl.Int64, "text": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _errors_in(cells: bytes, first_column: int) -> Iterator[tuple[tuple[int, int], str]]:
    for letters, row, text in ERROR_CELL.findall(cells):
        if not row:
            raise DeliveryRejectedError(
                f"the sheet has cells with an error such as {text.decode('utf-8', 'replace')[:20]}"
                "; mend or empty them"
            )
        column = 0
        for letter in letters:
            column = column * LETTERS + letter - ord("A") + 1
        yield (int(row), column - 1 - first_column), text.decode("utf-8", "replace")


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
