"""The residents survey in the data format of the VNG: from the .sav that a municipality has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import small_feeds

from dagster_project.common.settings import Settings
from dagster_project.ingest import read_register

HOST = [*(f"mm01_{number}" for number in range(5)), "mm02_0"]
STATEMENTS = ("dv05_0", "dv07_1", "bo02_0", "bo04_0")
GRADES = {"totaaloordeel": "dv01", "digitale_dienstverlening": "dv06", "communicatie": "dv10"}
MISSING = (-1, 88, 99)
AGREE = {
    1: "Helemaal mee eens",
    2: "Mee eens",
    3: "Neutraal",
    4: "Mee oneens",
    5: "Helemaal mee oneens",
    6: "Weet niet / geen mening",
}
SIZES = ((637, 2022, 40), (637, 2024, 60), (14, 2024, 30), (502, 2024, 9))


def answered() -> pd.DataFrame:
    """Answers that differ by weight, with every way to give none; respondents count from 1."""
    rows: list[dict[str, float]] = []
    for municipality, year, size in SIZES:
        for number in range(1, size + 1):
            row = {"respondent": number, "gemnr": municipality, "jr": year, "kw": 2}
            row |= {"veldwerkmodus": 1 + number % 2, "weging": 0.5 + number % 7 / 4}
            for place, header in enumerate(GRADES.values()):
                row[header] = 4 + (number * (place + 3) + year) % 7
            for place, header in enumerate((*STATEMENTS, *HOST, "bo01")):
                row[header] = 1 + (number * (place + 2) + municipality) % 6
            row["dv02"] = 1 + number % 2
            rows.append(row)
    frame = pd.DataFrame(rows, dtype=float)
    frame.loc[frame.index % 9 == 0, "dv01"] = 11
    frame.loc[frame.index % 11 == 0, ["dv01", "dv05_0", "mm01_0"]] = 99
    frame.loc[frame.index % 13 == 0, ["dv06", "bo02_0", "mm01_1"]] = -1
    frame.loc[frame.index % 17 == 0, ["dv10", "bo01"]] = 88
    frame.loc[frame.index % 19 == 0, "dv01"] = np.nan
    return frame


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write the file with its labels and user-missing values."""
    path.parent.mkdir(parents=True)
    answers = [name for name in frame.columns if name[:2] in {"dv", "bo", "mm"}]
    labels: dict[str, Any] = dict.fromkeys((*STATEMENTS, *HOST), AGREE)
    labels["dv02"] = {1: "Ja", 2: "Nee"}
    labels["dv01"] = {1: "Zeer slecht", 10: "Uitmuntend", 11: "Weet niet"}
    pyreadstat.write_sav(
        frame,
        path,
        variable_value_labels=labels,
        missing_ranges={name: list(MISSING) for name in answers},
    )


def land(settings: Settings) -> None:
    write(answered(), settings.landing / "burgerpeiling" / "20250115 burgerpeiling.sav")


@pytest.fixture(scope="module")
def installed(studies: Settings) -> Settings:
    (delivery,) = (one for one in read_register(studies.lake) if one.feed == "burgerpeiling")
    found = (delivery.state, delivery.rows_accepted, delivery.rows_quarantined)
    assert found == ("accepted", 139, 0)
    assert set(delivery.unknown_columns) == {"kw", "veldwerkmodus"}
    return studies


def kpi(
    settings: Settings, metric: str, code: str = "GM0637", year: str = "2024"
) -> dict[str, Any]:
    rows = small_feeds.released(
        settings,
        f"""
        select n, n_weighted, value, value_rounded, status, previous_value from marts.mart_kpi
        where study = 'burgerpeiling' and metric = '{metric}' and organisation_code = '{code}'
            and period = '{year}' and channel = 'all' and product_code = 'all' and segment = 'all'
        """,
    )
    assert len(rows) == 1
    return rows[0]


def own(municipality: int = 637, year: int = 2024) -> pd.DataFrame:
    frame = answered().replace(list(MISSING), np.nan)
    return frame[(frame.gemnr == municipality) & (frame.jr == year)]


def mean(frame: pd.DataFrame, scores: pd.Series) -> tuple[int, float, float]:
    given = scores.notna()
    weight = frame.weging[given]
    return int(given.sum()), weight.sum(), (scores[given] * weight).sum() / weight.sum()


@pytest.mark.parametrize("metric", GRADES)
def test_a_grade_is_the_weighted_mean_without_who_does_not_know(installed: Settings, metric: str):
    frame = own()
    n, weight, expected = mean(frame, frame[GRADES[metric]].where(frame[GRADES[metric]] <= 10))
    row = kpi(installed, metric)
    assert (row["n"], row["n_weighted"]) == (n, pytest.approx(weight, abs=1e-9))
    assert row["value"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("metric", "header"), [*zip(STATEMENTS, STATEMENTS, strict=True)])
def test_who_agrees_gave_a_1_or_a_2(installed: Settings, metric: str, header: str):
    frame = own()
    given = frame[header].where(frame[header] <= 5)
    n, _, expected = mean(frame, given.le(2).where(given.notna()) * 100.0)
    row = kpi(installed, metric)
    assert (row["n"], row["value"]) == (n, pytest.approx(expected, abs=1e-9))


def test_trust_is_a_share_of_those_who_have_an_opinion(installed: Settings):
    frame = own()
    given = frame.bo01.where(frame.bo01 <= 5)
    n, _, expected = mean(frame, given.le(2).where(given.notna()) * 100.0)
    row = kpi(installed, "vertrouwen")
    assert (row["n"], row["value"]) == (n, pytest.approx(expected, abs=1e-9))


def test_hostmanship_runs_from_0_to_10_over_the_statements_answered(installed: Settings):
    frame = own()
    items = frame[HOST].where(frame[HOST] <= 5)
    n, _, expected = mean(frame, (4 - (items - 1)).mean(axis=1) * 10 / 4)
    row = kpi(installed, "hostmanship")
    assert (row["n"], row["value"]) == (n, pytest.approx(expected, abs=1e-9))


def test_does_not_know_has_a_share_of_its_own_in_the_distribution(installed: Settings):
    rows = small_feeds.released(
        installed,
        """
        select answer, n, share from marts.mart_distribution
        where study = 'burgerpeiling' and metric = 'dv05_0' and organisation_code = 'GM0637'
            and period = '2024' order by answer
        """,
    )
    frame = own()
    given = frame[frame.dv05_0.notna()]
    expected = given.groupby("dv05_0").weging.sum() / given.weging.sum() * 100
    assert [row["answer"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert {row["n"] for row in rows} == {len(given)}
    assert [row["share"] for row in rows] == [
        pytest.approx(expected.get(float(code), 0.0), abs=1e-9) for code in range(1, 7)
    ]


def test_each_year_is_a_wave_whose_respondents_count_from_1(installed: Settings):
    before, now = own(year=2022), own()
    row = kpi(installed, "totaaloordeel")
    old = mean(before, before.dv01.where(before.dv01 <= 10))
    assert kpi(installed, "totaaloordeel", year="2022")["n"] == old[0]
    assert row["previous_value"] == pytest.approx(old[2], abs=1e-9)
    responses = small_feeds.released(
        installed,
        """
        select organisation_code, period, responses, status from marts.mart_response
        where study = 'burgerpeiling' order by organisation_code, period
        """,
    )
    assert [tuple(row.values()) for row in responses] == [
        ("GM0014", "2024", 30, "published"),
        ("GM0502", "2024", None, "suppressed"),
        ("GM0637", "2022", len(before), "published"),
        ("GM0637", "2024", len(now), "published"),
    ]


def test_nine_residents_are_too_few_to_show(installed: Settings):
    row = kpi(installed, "totaaloordeel", code="GM0502")
    assert (row["n"], row["value"], row["status"]) == (None, None, "suppressed")
