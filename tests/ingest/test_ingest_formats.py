"""The same questionnaires in every format give the same rows in the lake."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from landing_house import GOOD, House, csv_of

HEADER = [
    " Respons_ID ",
    "GEMEENTECODE",
    "product",
    "datum_contact",
    "datum_invul",
    "totaaloordeel",
    "moeite",
    "toelichting",
]
ROWS = [
    ["0017", "637", "paspoort", "01-10-2020", "2020-10-02T12:30:00", "7,3", "2", "Één café; fijn"],
    ["18", "14", "overig", "15-10-2020", "2020-10-15T09:05:07", "8", "5", ""],
    ["19", "637", "rijbewijs", "31-12-2020", "2020-12-31T23:59:59", "99", "weet niet", "Prima"],
]
EXPECTED = [
    {
        "row": 2,
        "response_id": "0017",
        "organisation_code": "GM0637",
        "product_code": "paspoort",
        "contact_date": date(2020, 10, 1),
        "submitted_at": datetime(2020, 10, 2, 10, 30, tzinfo=UTC),
        "has_review": True,
        "answers": [
            {"question": "totaaloordeel", "code": "7", "number": 7.3},
            {"question": "moeite", "code": "2", "number": 2.0},
        ],
    },
    {
        "row": 3,
        "response_id": "18",
        "organisation_code": "GM0014",
        "product_code": "overig",
        "contact_date": date(2020, 10, 15),
        "submitted_at": datetime(2020, 10, 15, 7, 5, 7, tzinfo=UTC),
        "has_review": False,
        "answers": [
            {"question": "totaaloordeel", "code": "8", "number": 8.0},
            {"question": "moeite", "code": "5", "number": 5.0},
        ],
    },
    {
        "row": 4,
        "response_id": "19",
        "organisation_code": "GM0637",
        "product_code": "rijbewijs",
        "contact_date": date(2020, 12, 31),
        "submitted_at": datetime(2020, 12, 31, 22, 59, 59, tzinfo=UTC),
        "has_review": True,
        "answers": [
            {"question": "totaaloordeel", "code": None, "number": None},
            {"question": "moeite", "code": None, "number": None},
        ],
    },
]


def as_csv(delimiter: str) -> str:
    lines = [HEADER, *ROWS]
    return "".join(delimiter.join(f'"{cell}"' for cell in line) + "\n" for line in lines)


def typed() -> dict[str, list[Any]]:
    """The rows with numbers and times as a statistics package holds them."""
    return {
        HEADER[0]: ["0017", "18", "19"],
        HEADER[1]: [637.0, 14.0, 637.0],
        HEADER[2]: ["paspoort", "overig", "rijbewijs"],
        HEADER[3]: [date(2020, 10, 1), date(2020, 10, 15), date(2020, 12, 31)],
        HEADER[4]: [
            datetime(2020, 10, 2, 12, 30),
            datetime(2020, 10, 15, 9, 5, 7),
            datetime(2020, 12, 31, 23, 59, 59),
        ],
        HEADER[5]: [7.3, 8.0, 99.0],
        HEADER[6]: [2.0, 5.0, None],
        HEADER[7]: ["Één café; fijn", "", "Prima"],
    }


def as_xlsx(first_sheet: str = "Blad1") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = first_sheet
    for line in (HEADER, *zip(*typed().values(), strict=True)):
        sheet.append(line)
    book.create_sheet("Toelichting").append(["niets"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_parquet() -> bytes:
    content = io.BytesIO()
    columns = typed()
    columns[HEADER[4]] = pa.array(columns[HEADER[4]], pa.timestamp("ns")).cast(pa.timestamp("ns"))
    columns[HEADER[2]] = pa.array(columns[HEADER[2]]).dictionary_encode()
    columns[HEADER[1]] = pa.array([637, 14, 637], pa.int16())
    columns[HEADER[5]] = pa.array([7.3, 8, 99], pa.float32())
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


def as_sav(folder: Path) -> bytes:
    columns = {name.strip().lower(): values for name, values in typed().items()}
    columns["totaaloordeel"][2] = 77.0
    frame = pd.DataFrame(columns)
    pyreadstat.write_sav(
        frame,
        folder / "made.sav",
        missing_ranges={"totaaloordeel": [77]},
        variable_value_labels={"moeite": {2.0: "weinig", 5.0: "heel veel"}},
    )
    return (folder / "made.sav").read_bytes()


FILES = {
    "semicolon": (lambda _: as_csv(";").encode(), "csv"),
    "comma": (lambda _: as_csv(",").encode(), "csv"),
    "tab": (lambda _: as_csv("\t").encode(), "CSV"),
    "byte order mark": (lambda _: as_csv(";").encode("utf-8-sig"), "csv"),
    "Windows-1252": (lambda _: as_csv(";").encode("cp1252"), "csv"),
    "line ends of Windows": (lambda _: as_csv(";").replace("\n", "\r\n").encode(), "csv"),
    "no line end at the end": (lambda _: as_csv(";").encode().rstrip(), "csv"),
    "workbook": (lambda _: as_xlsx(), "xlsx"),
    "Parquet": (lambda _: as_parquet(), "parquet"),
    "SPSS": (as_sav, "sav"),
}


@pytest.mark.parametrize("kind", FILES)
def test_every_format_gives_the_same_rows(house: House, tmp_path: Path, kind: str):
    make, extension = FILES[kind]

    delivery = house.deliver(make(tmp_path), f"counter/20210105.{extension}")

    rows = house.rows("responses")
    assert [{name: row[name] for name in EXPECTED[0]} for row in rows] == EXPECTED
    assert [row["text"] for row in house.rows("restricted")] == ["Één café; fijn", "Prima"]
    assert (delivery.state, delivery.reason, delivery.rows_accepted) == ("accepted", None, 3)


def test_columns_in_another_order_and_unknown_columns(house: House):
    content = "extra;" + ";".join(reversed(GOOD)) + "\nx;" + ";".join(reversed(GOOD.values()))

    delivery = house.deliver(content)

    assert delivery.rows_accepted == 1
    assert delivery.unknown_columns == ("extra",)
    assert house.rows("responses")[0]["response_id"] == "1"


def test_a_header_without_rows_is_accepted(house: House):
    delivery = house.deliver(";".join(GOOD))

    assert (delivery.state, delivery.rows_read) == ("accepted", 0)
    assert delivery.reason == "the file has a header and no rows"
    assert house.rows("responses") == []


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ({1.0: "geen", 5.0: "heel veel"}, "5"),
        ({1.0: "heel veel", 5.0: "geen"}, "1"),
        ({1.0: "Fluitje van een cent", 5.0: "Drama"}, "5"),
        ({5.0: "weet niet"}, "5"),
    ],
)
def test_labels_of_spss_values_count_where_the_codebook_knows_them(
    house: House, tmp_path: Path, labels: dict[float, str], code: str
):
    frame = pd.DataFrame([GOOD | {"moeite": 5.0}])
    pyreadstat.write_sav(frame, tmp_path / "a.sav", variable_value_labels={"moeite": labels})

    house.deliver((tmp_path / "a.sav").read_bytes(), "counter/20210105.sav")

    assert house.rows("responses")[0]["answers"][1] == {
        "question": "moeite",
        "code": code,
        "number": float(code),
    }


def test_an_spss_code_that_only_its_label_explains(house: House, tmp_path: Path):
    frame = pd.DataFrame([GOOD | {"moeite": 7.0}])
    labels = {"moeite": {7.0: "Geen oordeel"}}
    pyreadstat.write_sav(frame, tmp_path / "a.sav", variable_value_labels=labels)

    house.deliver((tmp_path / "a.sav").read_bytes(), "counter/20210105.sav")

    assert house.rows("responses")[0]["answers"][1]["code"] is None


def test_a_workbook_row_with_a_cell_beyond_the_header_is_malformed(house: House):
    book = openpyxl.Workbook()
    book.active.append(list(GOOD))
    for number in range(10):
        book.active.append([f"{number}", *list(GOOD.values())[1:]])
    book.active["I5"] = "?"
    content = io.BytesIO()
    book.save(content)

    house.deliver(content.getvalue(), "counter/20210105.xlsx")

    assert house.reasons() == {5: ["malformed_row"]}


def test_parquet_times_with_a_zone_are_read_in_that_zone(house: House):
    moment = pa.array([datetime(2021, 3, 31, 22, 30, tzinfo=UTC)], pa.timestamp("ms", "UTC"))
    columns = {name: [value] for name, value in GOOD.items()}
    table = pa.table(columns | {"datum_contact": moment, "datum_invul": ["02-04-2021"]})
    content = io.BytesIO()
    pq.write_table(table, content)

    house.deliver(content.getvalue(), "counter/20210501.parquet")

    assert house.rows("responses")[0]["contact_date"] == date(2021, 4, 1)


def test_the_same_bytes_give_the_same_lake_bytes(house: House, tmp_path: Path):
    first = house.deliver(csv_of([GOOD, GOOD | {"respons_id": "2", "product": ""}] * 3))
    for path in (tmp_path / "home").rglob("*.*"):
        if path.is_file():
            path.unlink()

    assert house.ingest().deliveries[0].files == first.files
