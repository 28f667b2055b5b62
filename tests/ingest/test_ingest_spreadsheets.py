"""What spreadsheets do to values: errors that look like blanks, and ids cut short."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
from landing_house import GOOD, House, among_good


def workbook(rows: Sequence[Mapping[str, object]], errors: Mapping[str, str] = {}) -> bytes:
    """A workbook with these rows, from column B and row 1 on; `errors` are cells with an error."""
    book = openpyxl.Workbook()
    sheet = book.active
    for number, line in enumerate([dict(zip(GOOD, GOOD, strict=True)), *rows], start=1):
        for place, name in enumerate(GOOD, start=2):
            sheet.cell(number, place, line[name])
    for cell, text in errors.items():
        sheet[cell] = text
        sheet[cell].data_type = "e"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def rows(count: int) -> list[dict[str, object]]:
    return [GOOD | {"respons_id": f"r{n}", "totaaloordeel": 7} for n in range(count)]


def test_an_error_in_a_workbook_is_no_blank_answer(house: House):
    errors = {"G3": "#N/A", "G5": "#DIV/0!", "D6": "#REF!", "B7": "#NAME?"}

    delivery = house.deliver(workbook(rows(30), errors), "counter/20210105.xlsx")

    assert (delivery.rows_read, delivery.rows_accepted, delivery.rows_quarantined) == (30, 26, 4)
    assert house.reasons() == {row: ["bad_type"] for row in (3, 5, 6, 7)}
    details = [row["details"][0] for row in house.rows("quarantine")]
    assert details[0] == 'Column totaaloordeel: "#N/A" is not a number with at most 1 decimal.'
    assert details[3] == (
        'Column respons_id: "#NAME?" is an error of the spreadsheet; mend or empty the cell.'
    )


@pytest.mark.parametrize("text", ["1,23457E+15", "1.23457e+15", "1E+20", "1.234567890123456e15"])
def test_an_id_cut_short_is_refused(house: House, text: str):
    delivery = house.deliver(among_good({"respons_id": text}))

    assert delivery.rows_quarantined == 1
    assert house.reasons() == {2: ["bad_type"]}
    assert "format its column as text" in house.rows("quarantine")[0]["details"][0]


@pytest.mark.parametrize("text", ["1E5", "12E+3", "e+12", "1234567890123456", "#12", "0007"])
def test_an_id_that_only_looks_odd_is_taken(house: House, text: str):
    assert house.deliver(among_good({"respons_id": text})).rows_quarantined == 0


def test_a_long_number_in_a_workbook_has_lost_its_last_digits(house: House):
    lines = rows(20)
    lines[0]["respons_id"] = 1234567890123456

    house.deliver(workbook(lines), "counter/20210105.xlsx")

    assert house.reasons() == {2: ["bad_type"]}


def test_an_error_cell_that_says_not_where_it_is_costs_the_delivery(house: House, tmp_path: Path):
    made = tmp_path / "made.xlsx"
    made.write_bytes(workbook(rows(5), {"G3": "#N/A"}))
    bare = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(bare, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            if member.endswith("sheet1.xml"):
                content = content.replace(b'<c r="G3" t="e">', b'<c t="e">')
            new.writestr(member, content)

    delivery = house.deliver(bare.getvalue(), "counter/20210105.xlsx")

    assert delivery.reason == ("the sheet has cells with an error such as #N/A; mend or empty them")
