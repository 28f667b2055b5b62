"""One quarter from landing to release, small enough to check every figure by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt
from typing import Any

import pytest
import small_feeds

from dagster_project.common.settings import Settings

Query = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def quarter(small_quarter: Settings) -> Query:
    return partial(small_feeds.released, small_quarter)


def figures(
    query: Query, period: str = "2020Q4", municipality: str = "GM0637"
) -> dict[tuple[str, str, str], tuple[object, ...]]:
    rows = query(
        f"from marts.mart_kpi where period = '{period}' and organisation_code = '{municipality}'"
    )
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
    # ten are enough
    assert found["telephone", "all", "totaaloordeel"] == ("published", 10, 9.0, 9.0)
    assert found["telephone", "verhuismelding", "totaaloordeel"] == ("published", 10, 9.0, 9.0)
    # 86 + 10 x 9 over 21 grades
    assert found["all", "all", "totaaloordeel"] == (
        "published", 21, pytest.approx(176 / 21, abs=1e-12), 8.4,
    )  # fmt: skip
    assert found["all", "all", "ces"] == (
        "published", 22, pytest.approx(1400 / 22, abs=1e-11), 64.0,
    )  # fmt: skip

    # two on one product are too few, for questions they did not answer as well
    assert found["counter", "rijbewijs", "totaaloordeel"] == HIDDEN
    assert found["counter", "rijbewijs", "prijs"] == HIDDEN
    # ten on the other product would do, but the two are the rest of the twelve at the desk
    assert found["counter", "paspoort", "totaaloordeel"] == HIDDEN
    # both are asked for at the desk only, so their rows over all channels say the same
    assert found["all", "rijbewijs", "totaaloordeel"] == HIDDEN
    assert found["all", "paspoort", "totaaloordeel"] == HIDDEN
    # ten answers of which one is "do not know": the share would rest on nine
    assert found["telephone", "all", "in_een_keer"] == HIDDEN
    # asked at the desk, never answered, and no secret
    assert ("counter", "all", "prijs") not in found
    # asked at the desk only: no total over channels
    assert ("all", "all", "openingstijden") not in found


def test_nine_answers_are_hidden_whatever_was_asked(quarter: Query) -> None:
    found = figures(quarter, municipality="GM0518")
    assert ("digital", "all", "taal_duidelijk") in found
    assert ("all", "paspoort", "ces") in found
    assert set(found.values()) == {HIDDEN}


def test_the_quarter_is_published_and_the_year_waits_for_three_more(quarter: Query) -> None:
    assert quarter("select distinct period from marts.mart_kpi") == [{"period": "2020Q4"}]
    told = quarter("select organisation_code, period, state, revision from marts.mart_release")
    assert {row.pop("organisation_code") for row in told} == {"GM0637", "GM0363", "GM0518"}
    assert {tuple(row.values()) for row in told} == {("2020Q4", "final", 0)}


def test_margin_of_the_golden_quarter(quarter: Query) -> None:
    rows = quarter(
        """
        select organisation_code, channel, margin from marts.mart_kpi
        where period = '2020Q4' and metric = 'totaaloordeel' and product_code = 'all'
        """
    )
    margin = {(row["organisation_code"], row["channel"]): row["margin"] for row in rows}
    # two of the twelve at the desk were not invited, so the population is unknown
    deviation = sqrt(692 / 11 - (86 / 11) ** 2)
    assert margin["GM0637", "counter"] == pytest.approx(1.96 * deviation / sqrt(11), abs=1e-9)
    # everybody here is of the thirty who were; as many gave a 7 as a 9
    assert margin["GM0363", "counter"] == pytest.approx(1.96 / sqrt(12) * sqrt(18 / 30), abs=1e-9)
    # all gave a 9
    assert margin["GM0637", "telephone"] == 0
    assert margin["GM0518", "digital"] is None


def test_response_of_the_golden_quarter(quarter: Query) -> None:
    (desk,) = quarter(
        """
        from marts.mart_response
        where period = '2020Q4' and channel = 'counter' and product_code = 'all'
            and organisation_code = 'GM0637'
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


def test_response_by_method_of_the_golden_quarter(quarter: Query) -> None:
    rows = quarter("from marts.mart_response_funnel where period = '2020Q4'")
    found = {
        (row["organisation_code"], row["method"]): (
            *(row[name] for name in ("gross_sample", "invited", "undeliverable", "opted_out")),
            *(row[name] for name in ("net_sample", "responses_invited", "response_rate")),
        )
        for row in rows
    }
    nothing = (None,) * 7
    assert found == {
        ("GM0637", "all"): (20, 20, 2, 1, 17, 10, pytest.approx(1000 / 17, abs=1e-11)),
        # six and four of the ten
        ("GM0637", "inviter"): nothing,
        ("GM0637", "kiosk"): nothing,
        # one, who opted out
        ("GM0637", "unknown"): (1, 1, 0, 1, 0, 0, None),
        ("GM0363", "all"): (30, 30, 0, 0, 30, 12, 40.0),
        ("GM0363", "inviter"): (15, 15, 0, 0, 15, 12, 80.0),
        ("GM0363", "card"): (15, 15, 0, 0, 15, 0, 0.0),
    }
    assert {row["status"] for row in rows if row["gross_sample"] is None} == {"suppressed"}
    # nobody was invited on line, so there is no telling how many might have answered there
    assert quarter("from marts.mart_response where invited > 0 and channel = 'digital'") == []


def test_distributions_of_the_golden_quarter(quarter: Query) -> None:
    rows = quarter(
        """
        from marts.mart_distribution
        where period = '2020Q4' and channel in ('counter', 'digital')
            and organisation_code in ('GM0637', 'GM0518')
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


def test_item_response_of_the_golden_quarter(quarter: Query) -> None:
    rows = quarter(
        """
        from marts.mart_item_response
        where period = '2020Q4' and organisation_code = 'GM0637'
        """
    )
    found = {
        (row["channel"], row["question"]): (row["asked"], row["answered"], row["share"])
        for row in rows
        if row["status"] == "published"
    }
    assert found == {
        # twelve at the desk: one gave no grade, one left out four of the six items, one three
        ("counter", "totaaloordeel"): (12, 11, pytest.approx(1100 / 12, abs=1e-11)),
        ("counter", "moeite"): (12, 12, 100.0),
        ("counter", "deskundigheid"): (12, 12, 100.0),
        ("counter", "bereidheid"): (12, 12, 100.0),
        ("counter", "inleving"): (12, 11, pytest.approx(1100 / 12, abs=1e-11)),
        ("counter", "verantwoordelijkheid"): (12, 10, pytest.approx(1000 / 12, abs=1e-11)),
        ("counter", "meedenken"): (12, 10, pytest.approx(1000 / 12, abs=1e-11)),
        ("counter", "vertegenwoordiging"): (12, 10, pytest.approx(1000 / 12, abs=1e-11)),
        ("telephone", "totaaloordeel"): (10, 10, 100.0),
        ("telephone", "moeite"): (10, 10, 100.0),
        # both questions are asked in every channel
        ("all", "totaaloordeel"): (22, 21, pytest.approx(2100 / 22, abs=1e-11)),
        ("all", "moeite"): (22, 22, 100.0),
    }
    hidden = {(row["channel"], row["question"]) for row in rows if row["status"] == "suppressed"}
    # the ten who answered are one who does not know and nine others, and the share is of the nine
    assert hidden == {("telephone", "in_een_keer")}


def test_nine_respondents_have_no_item_response(quarter: Query) -> None:
    rows = quarter("from marts.mart_item_response where organisation_code = 'GM0518'")
    assert {(row["status"], row["asked"], row["answered"], row["share"]) for row in rows} == {
        ("suppressed", None, None, None)
    }
    # asked and answered by nobody, and hidden like the rest
    assert "vindbaar" in {row["question"] for row in rows}


def test_what_is_hidden_in_the_golden_quarter(quarter: Query) -> None:
    rows = quarter("from marts.mart_suppression where period = '2020Q4'")
    share = {
        (row["organisation_code"], row["channel"]): row["answers_suppressed_share"] for row in rows
    }
    # both products at the desk, and so twelve of all twenty-two; on line even the total is hidden
    assert share["GM0637", "counter"] == 1
    assert share["GM0637", "telephone"] == share["GM0363", "counter"] == 0
    assert share["GM0637", "all"] == pytest.approx(12 / 22)
    assert share["GM0518", "digital"] is None
