"""Municipalities that merged, from landing to release; every number is worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import sqrt
from typing import Any

import polars as pl
import pytest
import small_feeds

from dagster_project.common.settings import Settings

Query = Callable[[str], list[dict[str, Any]]]

# GM0398 and GM0416 made GM1980 on 1 January 2022; GM0457 joined GM0363 on 24 March 2022
GRADES = {
    ("GM0398", "2020-11-02"): [7] * 6 + [9] * 6,
    ("GM0416", "2020-11-02"): [7] * 9,
    ("GM0398", "2021-11-02"): [6] * 5 + [8] * 5,
    ("GM0416", "2021-11-02"): [8] * 5 + [10] * 5,
    ("GM1980", "2022-02-01"): [6] * 6 + [8] * 6,
    ("GM0457", "2022-03-23"): [6] * 10,
    ("GM0457", "2022-03-24"): [1],
    ("GM0363", "2022-03-24"): [8] * 30,
    ("GM0518", "2021-11-02"): [5] * 5 + [7] * 6,
}
INVITED = {"GM0398": 15, "GM0416": 25}
"""In the last quarter of 2021, all who answered among them."""


def answers() -> Iterator[dict[str, str]]:
    for (municipality, day), grades in GRADES.items():
        for number, grade in enumerate(grades):
            invited = municipality in INVITED and day.startswith("2021")
            yield {
                "respons_id": f"{day}-{number}",
                "gemeentecode": municipality,
                "product": "paspoort",
                "datum_contact": day,
                "datum_invul": day,
                "uitnodiging_id": f"{municipality}-{number}" if invited else "",
                "totaaloordeel": str(grade),
            }


def invitations() -> Iterator[dict[str, str]]:
    for municipality, people in INVITED.items():
        for number in range(people):
            yield {
                "uitnodiging_id": f"{municipality}-{number}",
                "gemeentecode": municipality,
                "kanaal": "counter",
                "product": "paspoort",
                "methode": "inviter",
                "verzonden_op": "2021-11-03",
                "status": "bezorgd",
            }


def land(settings: Settings) -> None:
    feeds = {"counter": pl.DataFrame(list(answers()))}
    feeds["invitations"] = pl.DataFrame(list(invitations()))
    small_feeds.deliver(settings, feeds, "2022-04-05 all")


@pytest.fixture(scope="module")
def query(studies: Settings) -> Query:
    return partial(small_feeds.released, studies)


def grades(query: Query, table: str, municipality: str) -> dict[str, dict[str, Any]]:
    """The overall grade at the desk, all products, by period."""
    rows = query(
        f"""
        from marts.{table}
        where metric = 'totaaloordeel' and channel = 'counter' and product_code = 'all'
            and organisation_code = '{municipality}'
        """
    )
    return {row["period"]: row for row in rows}


def test_before_the_merger_a_municipality_is_the_sum_of_what_it_was(query: Query) -> None:
    before = grades(query, "mart_kpi_merged", "GM1980")["2021Q4"]
    # ten grades around 7 and ten around 9, each one off: a variance of 1 within and 1 between.
    # Twenty of forty invited answered
    assert before == before | {
        "status": "published",
        "n": 20,
        "n_weighted": 20.0,
        "value": pytest.approx(8.0, abs=1e-12),
        "value_rounded": 8.0,
        "margin": pytest.approx(1.96 * sqrt(2 / 20) * sqrt(20 / 40), abs=1e-12),
        "previous_value": None,
        "year_ago_value": None,
        "year_ago_change": None,
    }


def test_after_the_merger_it_is_itself_and_is_compared_with_what_it_was(query: Query) -> None:
    after = grades(query, "mart_kpi_merged", "GM1980")["2022Q1"]
    own = grades(query, "mart_kpi", "GM1980")["2022Q1"]
    assert (after["n"], after["value"], after["margin"]) == (12, 7.0, own["margin"])
    # a difference of 1; errors of 2 / 19 and 1 / 11 allow 0.91 at 27 degrees of freedom
    assert after["previous_value"] == pytest.approx(8.0, abs=1e-12)
    assert after["change"] == pytest.approx(-1.0, abs=1e-12)
    assert after["change_significant"] is True
    assert own["previous_value"] is None


def test_a_quarter_of_which_a_part_is_hidden_is_hidden(query: Query) -> None:
    assert grades(query, "mart_kpi", "GM0398")["2020Q4"]["n"] == 12
    assert grades(query, "mart_kpi", "GM0416")["2020Q4"]["status"] == "suppressed"
    hidden = grades(query, "mart_kpi_merged", "GM1980")["2020Q4"]
    told = {name for name, value in hidden.items() if value is not None}
    assert hidden["status"] == "suppressed"
    assert told == {
        *("study", "organisation_code", "period", "channel", "product_code", "segment"),
        *("segment_value", "metric", "period_type", "period_start", "status"),
    }


def test_a_merger_within_a_quarter_adds_what_was_before_it_to_the_successor(query: Query) -> None:
    quarter = grades(query, "mart_kpi_merged", "GM0363")["2022Q1"]
    # ten grades of 6 until the eve, thirty of 8; the answer on the day itself is refused
    assert (quarter["n"], quarter["value"]) == (40, 7.5)
    assert quarter["margin"] == pytest.approx(1.96 * sqrt(0.75 / 40), abs=1e-12)
    assert grades(query, "mart_kpi", "GM0457")["2022Q1"]["n"] == 10
    assert grades(query, "mart_kpi", "GM0363")["2022Q1"]["n"] == 30


def test_the_year_of_a_merger_is_summed_likewise(query: Query) -> None:
    years = grades(query, "mart_kpi_merged", "GM0363")
    assert (years["2022"]["n"], years["2022"]["value"]) == (40, 7.5)
    assert grades(query, "mart_kpi_merged", "GM1980")["2021"]["n"] == 20


def test_who_never_merged_has_the_same_rows_and_who_is_gone_has_none(query: Query) -> None:
    (row,) = query(
        """
        select count(*) as rows from (
            select * exclude (benchmark_value, benchmark_organisations, benchmark_significant)
            from marts.mart_kpi where organisation_code = 'GM0518'
            intersect all
            from marts.mart_kpi_merged
        )
        """
    )
    (expected,) = query(
        "select count(*) as rows from marts.mart_kpi where organisation_code = 'GM0518'"
    )
    assert row == expected
    assert row["rows"] > 0
    codes = query(
        """
        select distinct organisation_code as code from marts.mart_kpi_merged
        where study = 'nvvb' order by code
        """
    )
    assert [row["code"] for row in codes] == ["GM0363", "GM0518", "GM1980"]
