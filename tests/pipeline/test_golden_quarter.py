"""One quarter from landing to release, small enough to check every figure by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt
from typing import Any

import pytest
import small_feeds

from dagster_project.pipeline import refresh
from dagster_project.settings import Settings

Query = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def quarter(module_settings: Settings) -> Query:
    small_feeds.deliver(module_settings, small_feeds.quarter(), "2021-01-05 Q4")
    refresh(module_settings)
    return partial(small_feeds.released, module_settings)


def figures(query: Query, period: str = "2020Q4") -> dict[tuple[str, str, str], tuple[object, ...]]:
    rows = query(f"from marts.mart_kpi where period = '{period}'")
    return {
        (str(row["channel"]), str(row["product_code"]), str(row["metric"])): (
            row["status"],
            row["n"],
            row["value"],
            row["value_rounded"],
        )
        for row in rows
    }


HIDDEN = ("suppressed", None, None, None)


def test_golden_quarter(quarter: Query) -> None:
    found = figures(quarter)

    # eleven grades at the desk: 6 x 8, 3 x 6 and 2 x 10 make 86
    assert found["counter", "all", "totaaloordeel"] == (
        "published", 11, pytest.approx(86 / 11, abs=1e-12), 7.8,
    )  # fmt: skip
    assert found["counter", "all", "totaaloordeel_8plus"] == (
        "published", 11, pytest.approx(800 / 11, abs=1e-11), 73.0,
    )  # fmt: skip
    assert found["counter", "all", "totaaloordeel_onvoldoende"] == ("published", 11, 0.0, 0.0)
    # seven of twelve had little effort, three had much
    assert found["counter", "all", "ces"] == (
        "published", 12, pytest.approx(400 / 12, abs=1e-11), 33.0,
    )  # fmt: skip
    # 2 x 9, 2 x 8, 2 x 7, 2 x 6, 5, and twice 8; who answered two of six items does not count
    assert found["counter", "all", "hostmanship"] == (
        "published", 11, pytest.approx(81 / 11, abs=1e-12), 7.4,
    )  # fmt: skip
    assert found["counter", "paspoort", "totaaloordeel"] == ("published", 10, 7.6, 7.6)
    assert found["telephone", "all", "totaaloordeel"] == ("published", 10, 9.0, 9.0)
    # 86 + 9 x 7 + 10 x 9 over 30 grades
    assert found["all", "all", "totaaloordeel"] == (
        "published", 30, pytest.approx(239 / 30, abs=1e-12), 8.0,
    )  # fmt: skip
    assert found["all", "all", "ces"] == (
        "published", 31, pytest.approx(2300 / 31, abs=1e-11), 74.0,
    )  # fmt: skip

    # two on one product and nine on line are too few, for questions they did not answer as well
    assert found["counter", "rijbewijs", "totaaloordeel"] == HIDDEN
    assert found["counter", "rijbewijs", "prijs"] == HIDDEN
    assert found["digital", "all", "taal_duidelijk"] == HIDDEN
    # ten answers of which one is "do not know": the share would rest on nine
    assert found["telephone", "all", "in_een_keer"] == HIDDEN
    # asked at the desk, never answered, and no secret
    assert ("counter", "all", "prijs") not in found
    # asked at the desk only: no total over channels
    assert ("all", "all", "openingstijden") not in found


def test_the_closed_year_has_the_figures_of_its_only_quarter(quarter: Query) -> None:
    assert figures(quarter, "2020") == figures(quarter)


def test_margin_of_the_golden_quarter(quarter: Query) -> None:
    rows = quarter(
        """
        select channel, product_code, margin from marts.mart_kpi
        where period = '2020Q4' and metric = 'totaaloordeel'
        """
    )
    margin = {(row["channel"], row["product_code"]): row["margin"] for row in rows}
    # two of the twelve at the desk were not invited, so the population is unknown
    deviation = sqrt(692 / 11 - (86 / 11) ** 2)
    assert margin["counter", "all"] == pytest.approx(1.96 * deviation / sqrt(11), abs=1e-9)
    # the ten on this product are of the twenty who were; 592 / 10 - 7.6^2 = 1.2^2
    assert margin["counter", "paspoort"] == pytest.approx(
        1.96 * 1.2 / sqrt(10) * sqrt(10 / 20), abs=1e-9
    )
    # all gave a 9
    assert margin["telephone", "all"] == 0
    assert margin["digital", "all"] is None


def test_response_of_the_golden_quarter(quarter: Query) -> None:
    (desk,) = quarter(
        """
        from marts.mart_response
        where period = '2020Q4' and channel = 'counter' and product_code = 'all'
        """
    )
    assert desk == desk | {
        "invited": 20,
        "undeliverable": 2,
        "opted_out": 1,
        "net_sample": 17,
        "responses": 12,
        "responses_invited": 10,
        "response_rate": pytest.approx(1000 / 17, abs=1e-11),
        "reviews": 3,
        "tips": 0,
        # 384.16 / (1 + 383.16 / 20) = 19.06
        "required_sample": 20,
        "required_reached": False,
        "status": "published",
    }
    (telephone,) = quarter(
        """
        from marts.mart_response
        where period = '2020Q4' and channel = 'telephone' and product_code = 'all'
        """
    )
    assert (telephone["invited"], telephone["response_rate"]) == (0, None)


def test_distributions_of_the_golden_quarter(quarter: Query) -> None:
    rows = quarter(
        """
        from marts.mart_distribution
        where period = '2020Q4' and channel in ('counter', 'digital')
            and metric in ('totaaloordeel', 'informatie_vooraf')
        order by channel, metric, cast(answer as int)
        """
    )
    desk = [(row["answer"], row["n"], row["share"]) for row in rows if row["channel"] == "counter"]
    shares = {"6": 300 / 11, "8": 600 / 11, "10": 200 / 11}
    assert desk == [
        (str(code), 11, pytest.approx(shares.get(str(code), 0.0), abs=1e-11))
        for code in range(1, 11)
    ]
    digital = [row for row in rows if row["channel"] == "digital"]
    assert {(row["status"], row["n"], row["share"]) for row in digital} == {
        ("suppressed", None, None)
    }
    assert len(digital) == 10 + 5


def test_what_is_hidden_in_the_golden_quarter(quarter: Query) -> None:
    rows = quarter("from marts.mart_suppression where period = '2020Q4'")
    share = {row["channel"]: row["answers_suppressed_share"] for row in rows}
    # two of twelve at the desk; on line even the total is hidden
    assert share["counter"] == pytest.approx(2 / 12)
    assert share["telephone"] == 0
    assert share["digital"] is None
