"""What a very large delivery costs: `python benchmarks/large_files.py --help`.

Belongs here: large files in each format, and the seconds and memory of `kto check` on each. Does
not belong here: whether what it says of them is right (tests/ingest).
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pandas as pd
import polars as pl
import psutil
import pyreadstat

from dagster_project.common.settings import PROJECT_ROOT

FEED = "counter"
MOST_MEBIBYTES = 2048
AT_ONCE = 250_000
ROW = {
    "respons_id": "",
    "gemeentecode": "GM0637",
    "product": "paspoort",
    "datum_contact": "01-10-2020",
    "datum_invul": "2020-10-02",
    "uitnodiging_id": "",
    "totaaloordeel": "8",
    "moeite": "2",
    "wachttijd": "7",
    "privacy": "9",
    "in_een_keer": "1",
}
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
BOOK: Mapping[str, str] = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


@dataclass(frozen=True)
class Cost:
    """What checking one file took; `said` is the first line that came of it."""

    name: str
    megabytes: float
    seconds: float
    mebibytes: float
    reader_mebibytes: float
    said: str


def blocks(rows: int) -> Iterator[pl.DataFrame]:
    """Yield rows of the feed, all with ids of their own."""
    for first in range(0, rows, AT_ONCE):
        count = min(AT_ONCE, rows - first)
        numbers = pl.int_range(first, first + count, eager=True)
        yield pl.DataFrame({"n": numbers}).select(
            pl.format(f"{name[0]}{{}}", "n").alias(name) if not value else pl.lit(value).alias(name)
            for name, value in ROW.items()
        )


def short_csv(path: Path, rows: int) -> None:
    """Write many short rows."""
    with path.open("wb") as file:
        for number, block in enumerate(blocks(rows)):
            block.write_csv(file, separator=";", include_header=number == 0)


def wide_csv(path: Path, rows: int) -> None:
    """Write fewer rows, each with a review and 300 columns that the feed does not have."""
    more = [pl.lit("x" if n % 3 else "").alias(f"vraag {n}") for n in range(300)]
    with path.open("wb") as file:
        for number, block in enumerate(blocks(rows)):
            wide = block.with_columns(toelichting=pl.lit("Goed geholpen, dank u wel. " * 20))
            wide.with_columns(more).write_csv(file, separator=";", include_header=number == 0)


def workbook(path: Path, rows: int) -> None:
    """Write as many rows as a sheet can hold, texts within their cells."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in BOOK.items():
            archive.writestr(name, text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(SHEET.encode())
            sheet.write(_cells(pl.DataFrame([dict.fromkeys(ROW, "")]), header=True).encode())
            for block in blocks(rows):
                sheet.write(_cells(block).encode())
            sheet.write(b"</sheetData></worksheet>")


def _cells(block: pl.DataFrame, *, header: bool = False) -> str:
    cells = [
        pl.format(
            '<c t="inlineStr"><is><t>{}</t></is></c>', pl.lit(name) if header else pl.col(name)
        )
        if header or not value.isdigit()
        else pl.format("<c><v>{}</v></c>", pl.col(name))
        for name, value in ROW.items()
    ]
    row = pl.concat_str(pl.lit("<row>"), *cells, pl.lit("</row>"))
    return "".join(block.select(row.alias("row"))["row"])


def spss(path: Path, rows: int) -> None:
    """Write rows of 500 columns: one row as the library writes it, again and again with other ids.

    Its numbers are eight bytes each, and nothing is compressed.
    """
    row: dict[str, object] = {"respons_id": 0.0, **{k: v for k, v in ROW.items() if v}}
    row |= {f"vraag_{number}": float(number) for number in range(500 - len(row))}
    pyreadstat.write_sav(pd.DataFrame([row]), path)
    content = path.read_bytes()
    width = 8 * struct.unpack("<i", content[68:72])[0]
    header, one = bytearray(content[:-width]), np.frombuffer(content[-width:], np.uint8)
    header[80:84] = struct.pack("<i", rows)
    with path.open("wb") as file:
        file.write(header)
        for first in range(0, rows, 10_000):
            block = np.tile(one, (min(10_000, rows - first), 1))
            block[:, :8] = np.arange(first, first + len(block), dtype="<f8")[:, None].view(np.uint8)
            file.write(block.tobytes())


FILES: Mapping[str, tuple[str, Callable[[Path, int], None], int]] = {
    "short": ("csv", short_csv, 15_200_000),
    "wide": ("csv", wide_csv, 900_000),
    "workbook": ("xlsx", workbook, 1_000_000),
    "spss": ("sav", spss, 270_000),
}


def check(path: Path, name: str) -> Cost:
    """Run `kto check` and look every twentieth of a second what it and its reader hold."""
    command = [sys.executable, "-c", "from dagster_project.commands.main import run; run()"]
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        [*command, "check", str(path), "--feed", FEED],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=PROJECT_ROOT,
    ) as run:
        process, most, most_reader = psutil.Process(run.pid), 0, 0
        while run.poll() is None:
            with suppress(psutil.Error):
                children = sum(one.memory_info().rss for one in process.children(recursive=True))
                most_reader = max(most_reader, children)
                most = max(most, process.memory_info().rss + children)
            time.sleep(0.05)
        said = run.stdout.read().decode() if run.stdout else ""
    seconds = time.perf_counter() - began
    line = said.partition("\n")[0].removeprefix(f"{path}: ")
    size = path.stat().st_size / 1e6
    return Cost(name, size, seconds, most / 2**20, most_reader / 2**20, line)


@click.command()
@click.option("--only", type=click.Choice(list(FILES)), multiple=True, help="Which files.  [all]")
@click.option("--part", default=1.0, show_default=True, help="Of their rows.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where they are made for a while.")
def main(only: tuple[str, ...], part: float, folder: Path | None) -> None:
    """Make large files, check each and print seconds and memory; exit 1 beyond 2048 MiB."""
    costs = []
    for name in only or FILES:
        extension, write, rows = FILES[name]
        with tempfile.TemporaryDirectory(dir=folder) as made:
            path = Path(made, f"20210105.{extension}")
            write(path, int(rows * part))
            costs.append(check(path, name))
        one = costs[-1]
        click.echo(
            f"{one.name:<9} {one.megabytes:6,.0f} MB {one.seconds:5.0f} s "
            f"{one.mebibytes:6,.0f} MiB, of which the reader at most {one.reader_mebibytes:,.0f}; "
            f"{one.said}"
        )
    if max(one.mebibytes for one in costs) > MOST_MEBIBYTES:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
