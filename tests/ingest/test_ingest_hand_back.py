"""Rows that go back to whoever delivered them, and files tried before they are delivered."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from landing_house import GOOD, House, among_good, csv_of

from dagster_project.commands.main import main
from dagster_project.ingest.hand_back import rows_to_mend
from dagster_project.ingest.scan import scan_landing

NO_NAMES = (
    "required columns are missing: respons_id, gemeentecode, product, datum_contact, datum_invul; "
    "none of the first 25 rows holds the column names"
)
PRODUCT = (
    '  row 3: Column product: a text like "=9+9" is not a product that the codebook lists for this '
    "column."
)
BAD = (
    {"totaaloordeel": "11", "toelichting": "bel me op 0612345678"},
    {"product": "=1+1", "totaaloordeel": "8"},
)


def kto(house: House, *arguments: str) -> tuple[int, str]:
    there = ["--landing", str(house.settings.landing), "--home", str(house.settings.home)]
    known = there if arguments[0] == "bad-rows" else []
    result = CliRunner().invoke(main, [*arguments, *known])
    return result.exit_code, result.output


def test_lists_the_rows_with_what_is_wrong(house: House):
    house.deliver(among_good(*BAD))

    code, said = kto(house, "bad-rows")

    assert code == 0
    assert said.splitlines() == [
        "counter/20210105.csv: 2 rows to mend",
        '  row 2: Column totaaloordeel: "11" is not from 1 to 10.',
        PRODUCT,
    ]


def test_a_row_that_came_again_and_good_is_mended(house: House):
    house.deliver(among_good(*BAD))
    house.deliver(csv_of([GOOD | {"respons_id": "x0"}]), "counter/20210106.csv")

    codebook = house.codebook
    tables = rows_to_mend(
        house.settings.lake, codebook, scan_landing(house.settings, codebook, ("counter",))
    )

    assert tables["counter"].select("file", "row").rows() == [("counter/20210105.csv", 3)]


def test_rows_of_a_refused_delivery_are_listed_without_those_that_are_good(house: House):
    rows = [GOOD | {"respons_id": f"r{n}", "totaaloordeel": str(9 + n)} for n in range(4)]
    assert house.deliver(csv_of(rows)).state == "rejected"

    code, said = kto(house, "bad-rows")

    assert (code, said.splitlines()[0]) == (0, "counter/20210105.csv: 2 rows to mend")


def test_nothing_to_mend(house: House):
    house.deliver(csv_of([GOOD]))
    assert kto(house, "bad-rows") == (0, "no rows to mend\n")


def test_writes_a_workbook_in_which_nothing_is_a_formula(house: House, tmp_path: Path):
    house.deliver(among_good(*BAD))
    out = tmp_path / "terug.xlsx"

    assert kto(house, "bad-rows", "--out", str(out)) == (0, f"2 rows written to {out}\n")

    sheet = openpyxl.load_workbook(out)["counter"]
    header, first, second = sheet.iter_rows(values_only=True)
    assert header[:4] == ("file", "row", "wrong", "respons_id")
    assert (first[0], first[1], first[3]) == ("counter/20210105.csv", 2, "x0")
    masked = dict(zip(header, first, strict=True))
    assert (masked["toelichting"], masked["totaaloordeel"]) == ("***", "11")
    assert dict(zip(header, second, strict=True))["product"] == "=9+9"
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} <= {"s", "n"}


def test_writes_csv_in_which_nothing_is_a_formula(house: House, tmp_path: Path):
    house.deliver(among_good(*BAD, {"totaaloordeel": "-3"}))
    out = tmp_path / "terug.csv"

    assert kto(house, "bad-rows", "--out", str(out))[0] == 0

    with out.open(encoding="utf-8-sig", newline="") as file:
        _, formula, negative = csv.DictReader(file, delimiter=";")
    assert (formula["feed"], formula["product"]) == ("counter", "'=9+9")
    assert negative["totaaloordeel"] == "-3"


def test_another_ending_is_refused(house: House, tmp_path: Path):
    house.deliver(among_good(*BAD))
    code, said = kto(house, "bad-rows", "--out", str(tmp_path / "terug.pdf"))
    assert (code, said) == (
        1,
        "kto: terug.pdf ends in neither .xlsx nor .csv; choose one of these\n",
    )


def test_tries_files_and_keeps_nothing(house: House):
    bad = house.land("counter/20210105.csv", among_good(BAD[0]))
    good = house.land("counter/20210106.csv", csv_of([GOOD | {"extra": "1"}]))
    none = house.land("counter/20210107.csv", "a;b\n1;2\n")

    code, said = kto(house, "check", str(bad), str(good), str(none))

    assert (code, said.splitlines()) == (
        1,
        [
            f"{bad}: 11 rows read = 10 accepted + 1 quarantined",
            '  row 2: Column totaaloordeel: "11" is not from 1 to 10.',
            f"{good}: 1 rows read = 1 accepted + 0 quarantined",
            "  columns ignored: extra",
            f"{none}: refused: {NO_NAMES}",
        ],
    )
    assert not house.settings.home.exists()
    assert kto(house, "check", str(good))[0] == 0


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("elders/a.csv", 1, "kto: elders is no feed, so nothing says how"),
        ("counter/a.pdf", 1, "a.pdf: refused: is not one of .csv, .parquet, .sav, .xlsx"),
    ],
)
def test_says_what_it_cannot_try(house: House, name: str, code: int, said: str):
    path = house.land(name, csv_of([GOOD]))
    found = kto(house, "check", str(path))
    assert found[0] == code
    assert said in found[1]


def test_the_feed_can_be_told(house: House):
    path = house.land("elders/a.csv", csv_of([GOOD]))
    assert kto(house, "check", "--feed", "counter", str(path))[0] == 0
