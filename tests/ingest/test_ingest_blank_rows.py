"""Rows with nothing, and rows with something only in columns that their feed does not have."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.ingest import read_parquet

Rows = Sequence[Mapping[str, str]]
NOTHING = dict.fromkeys(GOOD, "")
ONLY = NOTHING | {"intern": "x"}
REQUIRED = ("respons_id", "gemeentecode", "product", "datum_contact", "datum_invul")


def good(number: int) -> dict[str, str]:
    return GOOD | {"respons_id": f"r{number}", "intern": ""}


BLANK = NOTHING | {"intern": "  "}
ROWS = [good(0), ONLY, BLANK, *[good(number) for number in range(1, 8)], BLANK, ONLY, BLANK]
"""From row 2 on: two rows, 3 and 13, with something only in a column that nobody knows."""


def as_xlsx(rows: Rows) -> bytes:
    book = openpyxl.Workbook()
    for line in ([*rows[0]], *[[*row.values()] for row in rows]):
        book.active.append(line)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_parquet(rows: Rows) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), content, row_group_size=4)
    return content.getvalue()


def as_sav(rows: Rows) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.sav")
        pyreadstat.write_sav(pd.DataFrame(rows), path)
        return path.read_bytes()


FORMATS: dict[str, Callable[[Rows], bytes]] = {
    "csv": lambda rows: csv_of(rows).encode(),
    "xlsx": as_xlsx,
    "parquet": as_parquet,
    "sav": as_sav,
}


@pytest.mark.parametrize("extension", FORMATS)
def test_a_row_with_something_only_in_an_unknown_column_is_read_and_refused(
    house: House, extension: str
):
    delivery = house.deliver(FORMATS[extension](ROWS), f"counter/20210105.{extension}")

    # 8 good ones and 2 that have nothing but a remark; three blank ones are no rows
    assert (delivery.rows_read, delivery.rows_accepted, delivery.rows_quarantined) == (10, 8, 2)
    assert delivery.unknown_columns == ("intern",)
    assert delivery.reasons == {"missing_required": 2}
    assert house.reasons() == {number: ["missing_required"] * 5 for number in (3, 13)}
    (first, _) = house.rows("quarantine")
    assert first["details"] == [
        f"Column {name} is empty; every row needs a value here." for name in REQUIRED
    ]
    assert "x" not in first["masked_row"].replace("respons_id", "")


def test_blank_rows_are_no_rows_without_an_unknown_column_too(house: House):
    delivery = house.deliver(csv_of([GOOD, NOTHING, NOTHING]))
    assert (delivery.rows_read, delivery.rows_accepted) == (1, 1)


def test_an_error_of_the_spreadsheet_in_an_unknown_column_is_something(house: House):
    rows = [good(0), NOTHING | {"intern": "=1/0"}, *[good(number) for number in range(1, 8)]]
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(rows)))
    book.active["G3"].value, book.active["G3"].data_type = "#DIV/0!", "e"
    content = io.BytesIO()
    book.save(content)

    house.deliver(content.getvalue(), "counter/20210105.xlsx")

    assert set(house.reasons()) == {3}


@pytest.mark.parametrize(
    ("values", "something"),
    {
        "whole numbers": (pa.array([None, 0, 1], pa.int8()), [False, True, True]),
        "numbers": (pa.array([None, float("nan"), 0.0]), [False, False, True]),
        "texts": (pa.array([None, " \t", "x"]), [False, False, True]),
        "long texts": (pa.array(["", "a", None], pa.large_string()), [False, True, False]),
        "viewed texts": (pa.array(["", "a", None], pa.string_view()), [False, True, False]),
        "numbered texts": (pa.array(["", "a", None]).dictionary_encode(), [False, True, False]),
        "bytes": (pa.array([None, b"", b"x"]), [False, True, True]),
        "lists": (pa.array([None, [], [1]]), [False, True, True]),
        "records": (pa.array([None, {"a": None}, {"a": 1}]), [False, True, True]),
        "nothing at all": (pa.nulls(3), [False, False, False]),
    }.values(),
)
def test_what_is_something_in_a_column_of_any_type(
    house: House, values: pa.Array, something: list[bool]
):
    table = pa.Table.from_pylist([NOTHING] * 3 + [good(number) for number in range(12)])
    others = pa.concat_arrays([values, pa.nulls(12, values.type)])
    content = io.BytesIO()
    pq.write_table(table.append_column("intern", others), content)

    delivery = house.deliver(content.getvalue(), "counter/20210105.parquet")

    expected = {row for row, filled in enumerate(something, start=2) if filled}
    assert (set(house.reasons()), delivery.rows_read) == (expected, 12 + len(expected))


def test_other_columns_of_a_parquet_file_are_read_as_far_as_they_are_needed(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(read_parquet, "ROWS", 2)
    rows = [*[good(number) for number in range(5)], BLANK, ONLY, *[good(n) for n in range(5, 9)]]
    path = house.land("counter/a.parquet", as_parquet([*rows, BLANK, ONLY]))

    source = read_parquet.open_parquet(path, read_parquet.Reading())

    read = [row for batch in source.batches([*GOOD]) for row in batch.frame["row"]]
    assert read == [2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14]
