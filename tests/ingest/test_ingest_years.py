"""A file that tells the year of each row and no date."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from landing_house import House, csv_of

from dagster_project.ingest import Reason

FEED = "burgerpeiling"
ROW = {"respondent": "1", "gemnr": "637", "jr": "2024", "weging": "1,25", "dv01": "7"}
FILE = f"{FEED}/20250115 peiling.csv"


def among_good(*changes: Mapping[str, str]) -> str:
    good = [ROW | {"respondent": f"good{n}"} for n in range(10 * len(changes))]
    return csv_of([*(ROW | change for change in changes), *good])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"jr": ""}, Reason.MISSING_REQUIRED),
        ({"jr": "24"}, Reason.BAD_TYPE),
        ({"jr": "2024Q1"}, Reason.BAD_TYPE),
        ({"jr": "2\u0660\u0662\u0664"}, Reason.BAD_TYPE),
        ({"jr": "2013"}, Reason.OUT_OF_RANGE),
        ({"jr": "2026"}, Reason.CONTACT_IN_FUTURE),
        # Dijk en Waard begins on the first day of 2022, Langedijk ends on the day before
        ({"jr": "2021", "gemnr": "1980"}, Reason.UNKNOWN_ORGANISATION),
        ({"jr": "2022", "gemnr": "416"}, Reason.UNKNOWN_ORGANISATION),
    ],
)
def test_quarantines_a_row_of_a_year_that_cannot_be(
    house: House, change: Mapping[str, str], reason: Reason
):
    house.deliver(among_good(change), FILE)

    assert house.reasons(FEED) == {2: [reason]}


def test_a_merged_municipality_is_itself_until_the_year_of_the_merger(house: House):
    before = among_good({"jr": "2021", "gemnr": "416"}, {"jr": "2022", "gemnr": "1980"})

    delivery = house.deliver(before, FILE)

    assert (delivery.rows_accepted, delivery.rows_quarantined) == (22, 0)
    first, second, *_ = house.rows("responses", FEED)
    assert [(r["organisation_code"], r["wave"]) for r in (first, second)] == [
        ("GM0416", "2021"),
        ("GM1980", "2022"),
    ]


@pytest.mark.parametrize("spelling", ["637", "0637", "GM0637", "637.0", "gm0637"])
def test_spellings_of_a_municipality_are_the_same(house: House, spelling: str):
    house.deliver(csv_of([ROW | {"gemnr": spelling, "jr": "2024.0"}]), FILE)

    (row,) = house.rows("responses", FEED)
    assert (row["organisation_code"], row["wave"], row["contact_date"]) == ("GM0637", "2024", None)
    assert row["weight"] == 1.25


def test_respondents_are_counted_anew_each_year(house: House):
    again = csv_of([ROW, ROW | {"jr": "2022", "dv01": "4"}])

    delivery = house.deliver(again, FILE)

    assert delivery.rows_accepted == 2
    ids = [row["response_id"] for row in house.rows("responses", FEED)]
    assert ids == ["2024-1", "2022-1"]


def test_one_respondent_twice_in_a_year_is_no_two_respondents(house: House):
    rows = among_good({}, {"dv01": "4"})

    house.deliver(rows, FILE)

    duplicate = [Reason.DUPLICATE_IN_DELIVERY]
    assert house.reasons(FEED) == {2: duplicate, 3: duplicate}


@pytest.mark.parametrize("declared", [True, False])
def test_user_missing_values_are_no_answer_whether_or_not_the_file_declares_them(
    house: House, tmp_path: Path, declared: bool
):
    # the last answer is one that not every file declares
    answers = [7.0, 99.0, 88.0, -1.0, 11.0]
    rows = [{"respondent": n, "gemnr": 637, "jr": 2024, "weging": 1.0} for n in range(5)]
    frame = pd.DataFrame(rows).assign(dv01=answers)
    missing = {"dv01": [-1, 88, 99]} if declared else {}
    pyreadstat.write_sav(frame, tmp_path / "a.sav", missing_ranges=missing)

    house.deliver((tmp_path / "a.sav").read_bytes(), FILE.replace(".csv", ".sav"))

    grades = [row["answers"][0]["number"] for row in house.rows("responses", FEED)]
    assert grades == [7.0, None, None, None, None]


def test_does_not_know_is_an_answer_without_a_number(house: House, tmp_path: Path):
    rows = [{"respondent": n, "gemnr": 637, "jr": 2024, "weging": 1.0} for n in range(3)]
    frame = pd.DataFrame(rows).assign(bo01=[1.0, 5.0, 6.0])
    labels = {"bo01": {1.0: "Heel veel", 6.0: "Weet niet"}}
    pyreadstat.write_sav(frame, tmp_path / "a.sav", variable_value_labels=labels)

    house.deliver((tmp_path / "a.sav").read_bytes(), FILE.replace(".csv", ".sav"))

    (first, second, third) = [row["answers"][0] for row in house.rows("responses", FEED)]
    assert (first["code"], first["number"]) == ("1", 5.0)
    assert (second["code"], second["number"]) == ("5", 1.0)
    assert (third["code"], third["number"]) == ("6", None)
