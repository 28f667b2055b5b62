"""Tables written as CSV, workbook, SPSS file and Parquet, in the odd ways that their form asks for.

Belongs here: writing. Does not belong here: what is changed in a table or in the bytes.
"""

from __future__ import annotations

import io
import math
import random
import re
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
from mutated_content import Table, sav_name
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

LONGEST_CELL = 32_767
STAMP = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CREATED = slice(92, 109)
"""Where an SPSS file has the day and time on which it was written."""


def write(table: Table, extension: str, chance: random.Random) -> bytes:
    """Write a table in the format of an extension."""
    return {"csv": _csv, "xlsx": _xlsx, "sav": _sav, "parquet": _parquet}[extension](table, chance)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, datetime) else str(cell)


def _csv(table: Table, chance: random.Random) -> bytes:
    form = table.form
    delimiter = str(form.get("delimiter", chance.choice(";;,\t")))
    end = str(form.get("line end", "\n"))
    lines = [
        delimiter.join(_field(_text(cell), delimiter, str(form.get("quotes", ""))) for cell in row)
        for row in (*table.above, table.header, *table.rows)
    ]
    text = "".join(line + end for line in lines)
    if "last line end" in form:
        text = text.rstrip("\r\n") + str(form["last line end"])
    return text.encode(str(form.get("encoding", "utf-8")), "replace")


def _field(text: str, delimiter: str, quotes: str) -> str:
    if quotes == "never":
        return text
    mark = "'" if quotes == "single" else '"'
    if quotes == "all" or any(one in text for one in (delimiter, mark, "\n", "\r")):
        return mark + text.replace(mark, mark * 2) + mark
    return text


def _xlsx(table: Table, chance: random.Random) -> bytes:
    form = table.form
    book = openpyxl.Workbook()
    sheet = book.active
    down, right = form.get("offset", (0, 0))
    numbers = "types" in form
    for number, row in enumerate((*table.above, table.header, *table.rows), start=1 + down):
        for place, cell in enumerate(row, start=1 + right):
            sheet.cell(number, place).value = _cell(cell, numbers)
    if "merge" in form:
        sheet.merge_cells(str(form["merge"]))
    for title in form.get("sheets", ()):
        other = book.create_sheet(re.sub(r"[\\*?:/\[\]]", "", title), 0 if form["first"] else None)
        other.append(["iets", "anders"])
        other.sheet_state = form.get("hidden", "visible")
    content = io.BytesIO()
    book.save(content)
    del chance
    return _without_times(content)


def _without_times(content: io.BytesIO) -> bytes:
    """Take the time of writing out of a workbook, so that a seed always gives the same bytes."""
    plain = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), STAMP.sub(b"2020-01-01T00:00:00Z", old.read(name)))
    return plain.getvalue()


def _cell(cell: object, numbers: bool) -> object:
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if not isinstance(cell, str):
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("", cell)[:LONGEST_CELL]
    if numbers and re.fullmatch(r"-?\d{1,15}([.,]\d{1,5})?", text):
        return float(text.replace(",", "."))
    return text or None


def _frame(table: Table) -> dict[str, list[object]]:
    """Columns by name; where a name stands twice the last one counts."""
    width = len(table.header)
    rows = [[*row, *[""] * (width - len(row))][:width] for row in table.rows]
    cells = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in table.header]
    return dict(zip(table.header, cells, strict=True))


def _sav(table: Table, chance: random.Random) -> bytes:
    names, columns = [], {}
    for number, (name, cells) in enumerate(_frame(table).items()):
        plain = sav_name(name) or f"v{number}"
        plain = plain if plain.lower() not in names else f"v{number}"
        names.append(plain.lower())
        texts = [_text(cell)[:LONGEST_CELL].replace("\0", "") for cell in cells]
        columns[plain] = _numbers_or(texts) if "types" in table.form else texts
    frame = pd.DataFrame(columns)
    labels = {}
    if "types" in table.form:
        numeric = [name for name in frame if frame[name].dtype == float]
        for name in chance.sample(numeric, min(2, len(numeric))):
            labels[name] = {1: "Heel goed", 2: "2", 99: "weet niet"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.sav")
        pyreadstat.write_sav(
            frame, path, variable_value_labels=labels, compress=chance.random() < 0.2
        )
        content = bytearray(path.read_bytes())
    content[CREATED] = b"01 Jan 2000:00:00"
    return bytes(content)


def _numbers_or(texts: Sequence[str]) -> Sequence[object]:
    try:
        return [float(text.replace(",", ".")) if text else float("nan") for text in texts]
    except ValueError:
        return texts


def _parquet(table: Table, chance: random.Random) -> bytes:
    arrays, names = [], []
    types = table.form.get("types")
    kinds = None if types is None else random.Random(int(types))  # noqa: S311
    width = len(table.header)
    rows = [[*row, *[""] * (width - len(row))][:width] for row in table.rows]
    for place, name in enumerate(table.header):
        cells = [row[place] for row in rows]
        names.append(name)
        arrays.append(_array(cells, kinds))
    content = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(arrays, names=names),
        content,
        compression=chance.choice(("snappy", "zstd", "none", "gzip")),
        row_group_size=chance.choice((1000, 7)),
        use_dictionary=chance.random() < 0.5,
        data_page_version=chance.choice(("1.0", "2.0")),
    )
    return content.getvalue()


def _array(cells: Sequence[object], kinds: random.Random | None) -> pa.Array:
    """One column as text, or as the first type of some in odd order that takes all its values."""
    texts = [None if cell is None else _text(cell) for cell in cells]
    if kinds is None:
        return pa.array(texts, pa.string())
    wanted = [
        *(pa.int8(), pa.int64(), pa.float32(), pa.float64(), pa.decimal128(20, 4), pa.uint64()),
        *(pa.date32(), pa.timestamp("ns"), pa.timestamp("ms", "Europe/Amsterdam"), pa.time64("us")),
        *(pa.dictionary(pa.int8(), pa.string()), pa.large_string(), pa.binary(), pa.bool_()),
        *(pa.string_view(), pa.duration("us"), pa.float16(), pa.null(), pa.list_(pa.string())),
        *(pa.struct([("a", pa.string())]), pa.date64(), pa.decimal256(40, 2)),
    ]
    for kind in kinds.sample(wanted, len(wanted)):
        try:
            if pa.types.is_list(kind) and kinds.random() < 0.2:
                return pa.array([[text] for text in texts], kind)
            if pa.types.is_struct(kind) and kinds.random() < 0.2:
                return pa.array([{"a": text} for text in texts], kind)
            if pa.types.is_null(kind) or pa.types.is_nested(kind):
                continue
            return pa.array(texts, pa.string()).cast(kind)
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            continue
    return pa.array(texts, pa.string())
