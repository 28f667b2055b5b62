"""Rows above and below the column names, and what is said when there are none."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from unicodedata import normalize

import openpyxl
import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.codebook import ScaleValue

BOM = b"\xef\xbb\xbf"
ROWS = csv_of([GOOD | {"respons_id": f"r{n}"} for n in range(10)])
BAD = csv_of([GOOD | {"respons_id": "x", "totaaloordeel": "12"}]).splitlines()[1]
TEXTS = 'Id;Gemeente;Product;"Datum\nvan contact";Ingevuld;Cijfer'
IMPORT_IDS = ";".join('"{""ImportId"":""QID%d""}"' % number for number in range(6))  # noqa: UP031
QUALTRICS = ROWS.replace("\n", f"\n{TEXTS}\n{IMPORT_IDS}\n", 1)
ABOVE = {
    "a sep line": ("sep=;\n", 2),
    "a title": ("Export klanttevredenheid;;;;;\n", 2),
    "a title, a blank row and a date": ("Export;;;;;\n;;;;;\n2020-10-01;;;;;\n", 4),
    "blank lines": ("\n\n", 3),
    "a title of two lines": ('"Export\nvan alles";;;;;\n', 3),
}


@pytest.mark.parametrize("what", ABOVE)
@pytest.mark.parametrize("mark", [b"", BOM, BOM + BOM], ids=["plain", "BOM", "two BOMs"])
def test_finds_the_names_below_what_stands_above(house: House, what: str, mark: bytes):
    above, header = ABOVE[what]

    delivery = house.deliver(mark + f"{above}{ROWS}{BAD}\n".encode())

    assert (delivery.state, delivery.rows_read, delivery.rows_accepted) == ("accepted", 11, 10)
    assert house.reasons() == {header + 11: ["out_of_range"]}


def test_leaves_out_the_two_rows_of_texts_below_the_names_of_an_export(house: House):
    delivery = house.deliver(QUALTRICS)

    assert (delivery.state, delivery.rows_read, delivery.rows_accepted) == ("accepted", 10, 10)


def test_a_second_row_of_texts_that_is_no_export_is_a_row(house: House):
    odd = "Id;Gemeente;Product;Datum;Ingevuld;Cijfer"

    delivery = house.deliver(ROWS.replace("\n", f"\n{odd}\n", 1))

    assert (delivery.rows_read, delivery.rows_accepted, delivery.rows_quarantined) == (11, 10, 1)


def workbook(*sheets: tuple[str, Sequence[Sequence[object]]], merged: str | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
        if merged:
            sheet.merge_cells(merged)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


TABLE = [tuple(line.split(";")) for line in ROWS.splitlines()]
COVER = ("Voorblad", [("Klanttevredenheid 2020",)])
XLSX = "counter/20210105.xlsx"


def test_finds_the_only_sheet_that_has_the_names(house: House):
    delivery = house.deliver(workbook(COVER, ("Data", [("Export",), (), *TABLE])), XLSX)

    assert (delivery.state, delivery.rows_read, delivery.rows_accepted) == ("accepted", 10, 10)


def test_does_not_choose_between_two_sheets(house: House):
    delivery = house.deliver(workbook(COVER, ("A", TABLE), ("B", TABLE)), XLSX)

    assert delivery.reason == (
        "required columns are missing: respons_id, gemeentecode, product, datum_contact, "
        "datum_invul; none of the first 25 rows holds the column names in sheet Voorblad of "
        "Voorblad, A, B; name the right one in column sheet of feeds.csv"
    )


def test_a_merged_title_does_no_harm_and_merged_rows_do(house: House):
    with_title = [("Export",), *TABLE]

    assert house.deliver(workbook(("A", with_title), merged="A1:F1"), XLSX).state == "accepted"
    again = house.deliver(workbook(("A", with_title), merged="A3:A4"), "counter/20210106.xlsx")
    assert again.reason == "sheet A has merged cells; unmerge them"


def test_says_which_name_may_have_been_meant(house: House):
    delivery = house.deliver(ROWS.replace("respons_id", "respons-id").replace("product", "Prodct"))

    assert delivery.reason == (
        "required columns are missing: respons_id, product; "
        "is respons-id for respons_id and Prodct for product? Rename it"
    )


def test_rows_above_a_second_row_of_names_are_not_lost(house: House):
    header, *rows = ROWS.splitlines(keepends=True)
    misspelt = header.replace("product", "produkt")

    delivery = house.deliver("".join([misspelt, *rows[:2], header, *rows[2:]]))

    assert (delivery.state, delivery.rows_read) == ("rejected", 0)
    assert delivery.reason == (
        "the column names stand in row 4, and above them rows with data; "
        "put the names above all rows"
    )


def test_names_of_groups_above_the_names_are_no_data(house: House):
    groups = "Respondent;Respondent;Vraag 1;Vraag 1;Vraag 1;Vraag 2\n"

    delivery = house.deliver(groups + ROWS)

    assert (delivery.rows_read, delivery.rows_accepted) == (10, 10)


def test_says_that_no_row_holds_the_names(house: House):
    delivery = house.deliver("naam;leeftijd\nEen;2\n")

    assert delivery.reason == (
        "required columns are missing: respons_id, gemeentecode, product, datum_contact, "
        "datum_invul; none of the first 25 rows holds the column names"
    )


def test_an_accent_in_two_characters_is_the_same_name(house: House):
    # both spellings of \u00e9: one character, and e with an accent of its own
    header, text = "rapportcijfer caf\u00e9", "ge\u00e9n oordeel"
    columns = tuple(
        replace(one, header=header) if one.header == "totaaloordeel" else one
        for one in house.codebook.columns
    )
    values = (*house.codebook.scale_values, *no_answers(house, text))
    house.codebook = replace(house.codebook, columns=columns, scale_values=values)
    rows = csv_of([GOOD | {"respons_id": "1", "totaaloordeel": text}])
    rows = rows.replace("totaaloordeel", header)

    composed = house.deliver(rows)
    decomposed = house.deliver(normalize("NFD", rows), "counter/20210106.csv")

    for delivery in (composed, decomposed):
        assert (delivery.rows_accepted, delivery.unknown_columns) == (1, ())
    assert len(normalize("NFD", rows)) > len(rows)


def no_answers(house: House, text: str) -> list[ScaleValue]:
    """One more text that means no answer to a grade."""
    listed = house.codebook.scale("grade10").no_answer
    one = next(value for value in house.codebook.scale_values if value.scale == listed)
    return [replace(one, raw=text)]
