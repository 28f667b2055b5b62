"""The table that Blik op Werk prints of a provider, whole, and what this project shows of it.

The document publishes services on a single answer; with `min_n` 1 so does the pipeline. A second
provider, made up, is below the norm.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
import small_feeds

from dagster_project.common.settings import Settings

STUDY, COMMISSIONERS = "blik_op_werk", "blik_op_werk_opdrachtgevers"
PROVIDER, BELOW = "nieuwe_sporen", "onder_de_norm"
# service: net sample, and how often each grade was given
SERVICES: dict[str, tuple[int, dict[int, int]]] = {
    "diagnose": (18, {9: 1}),
    "jobcoaching": (13, {}),
    "verzuimbegeleiding": (44, {10: 1, 9: 4, 8: 5, 7: 2}),
    "outplacement": (1, {}),
    "naar_werk": (85, {10: 2, 9: 4, 8: 13, 7: 6, 6: 2, 5: 1}),
    "sociale_activering": (22, {10: 1, 9: 2, 8: 3, 7: 2, 5: 1}),
}
# ten times a 1, ten times an 8: 4.5, and 6.5 when the ones count as fives
OF_BELOW: dict[str, tuple[int, dict[int, int]]] = {"naar_werk": (40, {1: 10, 8: 10})}


def clients(provider: str, services: dict[str, tuple[int, dict[int, int]]]) -> list[dict[str, str]]:
    """One answer per grade given, each to an invitation of its own."""
    return [
        {
            "respons_id": f"{provider}-{service}-{number}",
            "aanbieder": provider,
            "dienst": service,
            "datum_einde_traject": "2021-06-01",
            "uitnodiging_id": f"{provider}-{service}-{number}",
            "rapportcijfer": str(grade),
            "aangeraden": "ja" if number % 2 else "nee",
            **dict.fromkeys(("persoonlijk_contact", "bereikbaar_en_snel", "begeleiding"), "4"),
        }
        for service, (_, grades) in services.items()
        for number, grade in enumerate(g for g, times in grades.items() for _ in range(times))
    ]


def approached(provider: str, service: str | None, net: int) -> list[dict[str, str]]:
    """The net sample of a service, and one address more that led to nobody."""
    return [
        {
            "uitnodiging_id": f"{provider}-{service}-{number}",
            "aanbieder": provider,
            "benadering": "e-mail",
            "verzonden_op": "2021-06-02",
            "status": "bezorgd" if number < net else "onbestelbaar",
        }
        | ({"dienst": service} if service else {})
        for number in range(net + 1)
    ]


def deliver(settings: Settings) -> None:
    sent = [
        row
        for provider, services in ((PROVIDER, SERVICES), (BELOW, OF_BELOW))
        for service, (net, _) in services.items()
        for row in approached(provider, service, net)
    ]
    feeds = {
        STUDY: clients(PROVIDER, SERVICES) + clients(BELOW, OF_BELOW),
        f"{STUDY}_uitnodigingen": sent,
        f"{COMMISSIONERS}_uitnodigingen": approached(PROVIDER, None, 27),
    }
    small_feeds.deliver(settings, {k: pl.DataFrame(v) for k, v in feeds.items()}, "2022-01-10")


def land(settings: Settings, min_n: int) -> None:
    """Ask for this least number of respondents, know the second provider, deliver of both."""
    studies = settings.seeds / "studies.csv"
    text = studies.read_text(encoding="utf-8")
    assert text.count("reintegration_provider,,,10,") == 2
    text = text.replace("reintegration_provider,,,10,", f"reintegration_provider,,,{min_n},")
    studies.write_text(text, encoding="utf-8")
    organisations = settings.seeds / "organisations.csv"
    with organisations.open("a", encoding="utf-8") as file:
        file.write(f"{BELOW},Onder de norm,reintegration_provider,,,\n")
    deliver(settings)


@pytest.fixture(scope="module")
def as_printed(studies_by_other_rules: Settings) -> Settings:
    return studies_by_other_rules


@pytest.fixture(scope="module")
def protected(studies: Settings) -> Settings:
    return studies


def rows_of(settings: Settings, provider: str) -> dict[tuple[str, str], dict[str, Any]]:
    rows = small_feeds.released(
        settings, f"from marts.mart_publication where organisation_code = '{provider}'"
    )
    assert {(row["period"], row["period_type"]) for row in rows} == {("2021", "year")}
    return {(row["study"], row["product_code"]): row for row in rows}


def printed(row: dict[str, Any]) -> tuple[int, float, float | None, str]:
    """Answers, response, grade and verdict as the document prints them; no number ends in a tie."""
    grade = None if row["value"] is None else round(row["value"], 1)
    return (
        row["responses"],
        round(row["response_rate"], 1),
        grade,
        "yes" if row["published"] else "no",
    )


TABLE = {
    (STUDY, "diagnose"): (1, 5.6, 9.0, "no"),
    (STUDY, "jobcoaching"): (0, 0.0, None, "no"),
    (STUDY, "verzuimbegeleiding"): (12, 27.3, 8.3, "no"),
    (STUDY, "outplacement"): (0, 0.0, None, "no"),
    (STUDY, "naar_werk"): (28, 32.9, 7.8, "yes"),
    (STUDY, "sociale_activering"): (9, 40.9, 7.9, "yes"),
    (STUDY, "all"): (50, 27.3, 8.0, "yes"),
    (COMMISSIONERS, "all"): (0, 0.0, None, "yes"),
}


def test_the_printed_table_comes_out_whole_where_nothing_is_hidden(as_printed: Settings) -> None:
    found = rows_of(as_printed, PROVIDER)
    assert {place: printed(row) for place, row in found.items()} == TABLE
    net = small_feeds.released(
        as_printed,
        f"""
        select study, product_code, net_sample from marts.mart_response
        where organisation_code = '{PROVIDER}'
        """,
    )
    assert {(row["study"], row["product_code"]): row["net_sample"] for row in net} == {
        **{(STUDY, service): sample for service, (sample, _) in SERVICES.items()},
        (STUDY, "all"): 183,
        (COMMISSIONERS, "all"): 27,
    }


def test_each_verdict_has_its_reason_and_norm(as_printed: Settings) -> None:
    found = rows_of(as_printed, PROVIDER)
    assert {place: (row["reason"], row["norm"]) for place, row in found.items()} == {
        (STUDY, "diagnose"): ("too_few_answers", 5.5),
        (STUDY, "jobcoaching"): ("too_few_answers", 5.5),
        (STUDY, "verzuimbegeleiding"): ("too_few_answers", 5.5),
        (STUDY, "outplacement"): ("too_few_answers", 5.5),
        (STUDY, "naar_werk"): ("enough_response", 5.5),
        (STUDY, "sociale_activering"): ("enough_response", 5.5),
        (STUDY, "all"): ("enough_answers", 6.5),
        (COMMISSIONERS, "all"): ("always_published", 6.5),
    }
    assert {row["value_second_judgement"] for row in found.values()} == {None}


def test_with_one_as_the_least_nothing_is_hidden(as_printed: Settings) -> None:
    tables = {
        table: [row for row in rows if row.get("study") in (STUDY, COMMISSIONERS)]
        for table, rows in small_feeds.released_tables(as_printed).items()
    }
    filled = {table for table, rows in tables.items() if rows}
    assert {"mart_kpi", "mart_response", "mart_publication"} <= filled
    for table, rows in tables.items():
        hidden = [row for row in rows if row.get("status") == "suppressed"]
        # importance needs thirty respondents whatever else is shown
        assert table == "mart_priority" or not hidden, table


@pytest.mark.parametrize("least", ["as_printed", "protected"])
def test_a_provider_below_the_norm_is_judged_again(
    least: str, request: pytest.FixtureRequest
) -> None:
    found = rows_of(request.getfixturevalue(least), BELOW)
    # twenty answers of forty
    assert {
        product: (row["value"], row["value_second_judgement"], row["norm"], row["reason"])
        for (_, product), row in found.items()
    } == {
        "all": (4.5, 6.5, 6.5, "enough_response"),
        "naar_werk": (4.5, 6.5, 5.5, "enough_response"),
    }


def test_with_ten_as_the_least_small_services_are_hidden_with_one_more(
    protected: Settings,
) -> None:
    found = rows_of(protected, PROVIDER)
    hidden = {place for place, row in found.items() if row["status"] == "suppressed"}
    assert hidden == {
        (STUDY, "diagnose"),
        (STUDY, "sociale_activering"),
        (STUDY, "verzuimbegeleiding"),
    }
    shown = {place: printed(row) for place, row in found.items() if place not in hidden}
    assert shown == {place: line for place, line in TABLE.items() if place not in hidden}
    told = {"study", "organisation_code", "period", "product_code"}
    told |= {"period_type", "period_start", "status"}
    for place in hidden:
        assert {name for name, value in found[place].items() if value is not None} == told
