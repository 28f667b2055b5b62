"""Bad rows in a file for their supplier, who corrects them.

Belongs here: which rows these are, and the tables they are handed back in. Does not belong here:
judging, masking.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.durable import replacing
from dagster_project.common.errors import UserError
from dagster_project.ingest.scan import Scan
from dagster_project.ingest.unmended import standing_bad_rows

KINDS = (".xlsx", ".csv")
SHEET_NAME = 31
"""Longest name of a sheet."""


def rows_to_mend(lake: Path, codebook: Codebook, scan: Scan) -> Mapping[str, pl.DataFrame]:
    """Give the rows in quarantine that no later delivery mended, by feed.

    Returns:
        For each feed with such rows `file`, `row` (as in a spreadsheet), `wrong` (every reason in
        words), and the columns of the delivered row as the codebook knows them, personal ones
        masked; by file and row.

    """
    rows = standing_bad_rows(lake, codebook, scan)
    return {
        str(feed): _laid_out(part)
        for (feed,), part in rows.partition_by("feed", as_dict=True, maintain_order=True).items()
    }


def _laid_out(rows: pl.DataFrame) -> pl.DataFrame:
    """Lay the masked rows of one feed out in columns."""
    first = rows.filter(pl.col("masked_row") != "{}").unique("file", maintain_order=True)
    names = dict.fromkeys(name for row in first["masked_row"] for name in json.loads(row))
    said = rows.select("file", "row", wrong=pl.col("details").list.join(" "))
    if not names:
        return said
    kind = pl.Struct(dict.fromkeys(names, pl.String))
    cells = rows.select(pl.col("masked_row").str.json_decode(kind)).unnest("masked_row")
    clash = {name: f"{name} (delivered)" for name in cells.columns if name in said.columns}
    return pl.concat([said, cells.rename(clash)], how="horizontal")


def write_rows(tables: Mapping[str, pl.DataFrame], path: Path) -> None:
    """Write a workbook with a sheet per feed, or one CSV, by the ending of the path.

    A text that a spreadsheet would take for a formula stays a text.

    Raises:
        UserError: another ending, or the file cannot be written.

    """
    if path.suffix.lower() not in KINDS:
        raise UserError(f"{path.name} ends in neither {' nor '.join(KINDS)}; choose one of these")
    try:
        with replacing(path) as temporary:
            if path.suffix.lower() == ".csv":
                _write_csv(tables, temporary)
            else:
                _write_workbook(tables, temporary)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror})") from error


def _write_csv(tables: Mapping[str, pl.DataFrame], path: Path) -> None:
    whole = pl.concat(
        [part.with_columns(feed=pl.lit(feed)) for feed, part in tables.items()], how="diagonal"
    )
    formula = pl.col(pl.String).str.contains(r"^[=+@\t\r]|^-[^\d]|^-\d.*[^\d.,]")
    text = pl.col(pl.String)
    whole = whole.with_columns(pl.when(formula).then("'" + text).otherwise(text).name.keep())
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["feed", *(name for name in whole.columns if name != "feed")])
        writer.writerows(whole.select("feed", pl.exclude("feed")).iter_rows())


def _write_workbook(tables: Mapping[str, pl.DataFrame], path: Path) -> None:
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = Workbook(write_only=True)
    for feed, part in tables.items():
        sheet = book.create_sheet(feed[:SHEET_NAME])
        sheet.freeze_panes = "A2"
        for column, width in zip("ABC", (40, 8, 80), strict=True):
            sheet.column_dimensions[column].width = width
        sheet.append(part.columns)
        for row in part.iter_rows():
            cells = [WriteOnlyCell(sheet, value) for value in row]
            for cell in cells:
                if cell.data_type == "f":
                    cell.data_type = "s"
            sheet.append(cells)
    book.save(path)


def lines(tables: Mapping[str, pl.DataFrame], most: int) -> Iterator[str]:
    """Yield a line per row, at most `most` of a file, with how many there are."""
    for part in tables.values():
        for (file,), rows in part.partition_by("file", as_dict=True, maintain_order=True).items():
            yield f"{file}: {rows.height} row{'s' * (rows.height != 1)} to mend"
            for row, wrong in rows.head(most).select("row", "wrong").iter_rows():
                yield f"  row {row}: {wrong}"
            if rows.height > most:
                yield f"  and {rows.height - most} more; --out writes them all"
