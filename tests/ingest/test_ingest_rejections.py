"""Deliveries that cannot be read are rejected whole, each with one clear reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from landing_house import GOOD, House, among_good, csv_of

HEADER = ";".join(GOOD)
LINE = ";".join(GOOD.values())


def workbook(change: Callable[[openpyxl.worksheet.worksheet.Worksheet], object]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(GOOD))
    book.active.append(list(GOOD.values()))
    change(book.active)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(**columns: object) -> bytes:
    content = io.BytesIO()
    table = {name: pa.array([value]) for name, value in GOOD.items()}
    pq.write_table(pa.table(table | columns), content)
    return content.getvalue()


def zip_bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 100_000_000)
    return content.getvalue()


NO_TEXT = "the file is not UTF-8 or Windows-1252 text (UTF-16?)"
NO_BOOK = "the file is not an Excel workbook (.xlsx), or not all of it is there"
NO_PARQUET = "the file is not Parquet, or not all of it is there"
NO_SPSS = "the file is not an SPSS file, or not all of it is there"
FORMULA = "the workbook has a formula without a value; open it in Excel and save it"
OPEN_QUOTE = "a quotation mark is opened and never closed"
REJECTED = {
    "0 bytes": ("csv", b"", "the file is empty"),
    "blank lines only": ("csv", b"\n\n", "the file is empty"),
    "no encoding": ("csv", b"a;b\n\x81;1\n", "the file is neither UTF-8 nor Windows-1252 text"),
    "byte order mark of UTF-8 before something else": (
        "csv",
        b"\xef\xbb\xbfa;b\n\xe9;1\n",
        "the file is neither UTF-8 nor Windows-1252 text",
    ),
    "UTF-16": ("csv", f"{HEADER}\n{LINE}\n".encode("utf-16"), NO_TEXT),
    "UTF-16 without mark": ("csv", f"{HEADER}\n{LINE}\n".encode("utf-16-le"), NO_TEXT),
    "wrong delimiter": (
        "csv",
        f"{HEADER}\n{LINE}\n".replace(";", "|").encode(),
        "required columns are missing: respons_id, gemeentecode, product, datum_contact, datum_in",
    ),
    "a header twice": (
        "csv",
        f"{HEADER};Product \n{LINE};x\n".encode(),
        "column product stands in the header more than once",
    ),
    "required column missing": (
        "csv",
        f"{HEADER}\n{LINE}\n".replace("product", "produkt").encode(),
        "required column is missing: product",
    ),
    "every row too long": (
        "csv",
        f"{HEADER}\n{LINE};\n{LINE};\n".encode(),
        "2 of 2 rows are bad, more than 20 % (malformed_row 2)",
    ),
    "mixed delimiters": (
        "csv",
        f"{HEADER}\n{LINE.replace(';', ',')}\n".encode(),
        "1 of 1 rows are bad, more than 20 % (malformed_row 1)",
    ),
    "quote never closed": ("csv", f'{HEADER}\n{LINE}\n"{LINE}\n{LINE}\n'.encode(), OPEN_QUOTE),
    "quote closed by another one's opening": (
        "csv",
        f'{HEADER};toelichting\n{LINE};"a\n{LINE};b\n{LINE};"c"\n'.encode(),
        OPEN_QUOTE,
    ),
    "a workbook named csv": (
        "csv",
        workbook(lambda _: None),
        "the file is a workbook or zip file, not CSV as its name says",
    ),
    "csv named xlsx": ("xlsx", f"{HEADER}\n{LINE}\n".encode(), NO_BOOK),
    "csv named parquet": ("parquet", f"{HEADER}\n{LINE}\n".encode(), NO_PARQUET),
    "csv named sav": ("sav", f"{HEADER}\n{LINE}\n".encode(), NO_SPSS),
    "truncated workbook": ("xlsx", workbook(lambda _: None)[:-50], NO_BOOK),
    "truncated Parquet": ("parquet", parquet()[:-20], NO_PARQUET),
    "nested Parquet column": (
        "parquet",
        parquet(totaaloordeel=pa.array([[8]])),
        "column totaaloordeel holds values that are neither text, numbers nor dates",
    ),
    "merged cells": (
        "xlsx",
        workbook(lambda sheet: sheet.merge_cells("A2:B2")),
        "sheet Sheet has merged cells; unmerge them",
    ),
    "formula never calculated": (
        "xlsx",
        workbook(lambda sheet: sheet.__setitem__("F2", "=7+1")),
        FORMULA,
    ),
    "zip bomb": ("xlsx", zip_bomb(), "the workbook unpacks to 95 MB, "),
    "empty sheet": ("xlsx", workbook(lambda sheet: sheet.delete_rows(1, 2)), "row 1 is empty"),
}


@pytest.mark.parametrize("what", REJECTED)
def test_rejects_the_delivery_and_goes_on_with_the_others(house: House, what: str):
    extension, content, reason = REJECTED[what]
    house.land("counter/20210104 good.csv", csv_of([GOOD | {"respons_id": "good"}]))

    delivery = house.deliver(content, f"counter/20210105 bad.{extension}")

    assert delivery.state == "rejected"
    assert delivery.reason is not None
    assert delivery.reason.startswith(reason)
    assert "\n" not in delivery.reason
    assert delivery.rows_accepted == 0
    assert [row["response_id"] for row in house.rows("responses")] == ["good"]


def test_a_truncated_spss_file_is_rejected(house: House, tmp_path: Path):
    pyreadstat.write_sav(pd.DataFrame([GOOD] * 50), tmp_path / "a.sav")

    delivery = house.deliver((tmp_path / "a.sav").read_bytes()[:-500], "counter/20210105.sav")

    assert (delivery.state, delivery.reason) == ("rejected", NO_SPSS)


def test_two_headers_for_one_field_are_rejected(house: House):
    content = "RESPNUM,*RESPNUM,METHOD,BAREA,WEIGHT\n1,1,1,A,1\n"

    delivery = house.deliver(content, "sfo_2017/a.csv")

    assert delivery.reason == "columns RESPNUM and *RESPNUM both hold response_id"


def test_rejects_more_than_a_fifth_of_bad_rows_and_keeps_the_counts(house: House):
    good = [GOOD | {"respons_id": f"{n}"} for n in range(7)]
    bad = [GOOD | {"respons_id": f"b{n}", "totaaloordeel": "12"} for n in range(2)]

    delivery = house.deliver(csv_of([*bad, *good]))

    assert delivery.state == "rejected"
    assert delivery.reason == "2 of 9 rows are bad, more than 20 % (out_of_range 2)"
    assert (delivery.rows_read, delivery.rows_accepted, delivery.rows_quarantined) == (9, 0, 9)
    assert delivery.reasons == {"delivery_rejected": 7, "out_of_range": 2}
    assert house.rows("responses") == []
    assert house.rows("restricted") == []
    assert len(house.rows("quarantine")) == 9


def test_names_the_most_frequent_reasons_and_of_equally_many_the_first_by_name(house: House):
    changes = (
        *({"product": "x"}, {"totaaloordeel": "acht"}, {"totaaloordeel": "acht"}),
        *({"moeite": "7"}, {"gemeentecode": "GM9999"}, {"totaaloordeel": "12"}),
    )
    rows = [GOOD | {"moeite": "", "respons_id": f"{n}"} | one for n, one in enumerate(changes)]

    delivery = house.deliver(csv_of(rows))

    # one of each but for the two grades in words; unknown_organisation and others are not named
    assert delivery.reason == (
        "6 of 6 rows are bad, more than 20 % (bad_type 2, out_of_range 1, unknown_code 1)"
    )


def test_accepts_a_fifth_of_bad_rows(house: House):
    good = [GOOD | {"respons_id": f"{n}"} for n in range(8)]
    bad = [GOOD | {"respons_id": f"b{n}", "totaaloordeel": "12"} for n in range(2)]

    delivery = house.deliver(csv_of([*bad, *good]))

    assert (delivery.state, delivery.rows_accepted) == ("accepted", 8)


def test_a_csv_cut_off_in_its_last_row_loses_that_row_only(house: House):
    whole = among_good({"toelichting": "a"})

    house.deliver(whole[: whole.rindex(";0")])
    assert house.reasons() == {12: ["malformed_row"]}


def test_a_csv_cut_off_inside_quotes_loses_that_row_only(house: House):
    rows = [GOOD | {"respons_id": f"{n}", "toelichting": '"Prima"'} for n in range(10)]

    house.deliver(csv_of(rows)[:-4])

    assert house.reasons() == {11: ["malformed_row"]}
    assert [row["details"] for row in house.rows("quarantine")] == [
        ["The file ends in the middle of the row."]
    ]


def test_a_header_that_is_really_a_respondent_is_not_quoted(house: House):
    content = ";".join(GOOD) + ";jan@voorbeeld.nl;jan@voorbeeld.nl\n"

    delivery = house.deliver(content)

    assert delivery.reason == "column *** stands in the header more than once"
