"""What is published of an organisation, and why, follows from figures published elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa
import pytest
from derived_release import derived_release, with_value

from dagster_project.disclosure.audit import Publication, audit_derived

PLACE = {"study": "s", "organisation_code": "A", "period": "2020", "product_code": "all"}
RULE = Publication("grade", "again", least_rate=30, least_answers=70, norm=8.0, norm_of_product=7)
EMPTY = dict.fromkeys(
    (
        *("responses", "response_rate", "value", "value_second_judgement"),
        *("norm", "published", "reason"),
    )
)


def row_of(response: Mapping[str, object], value: float | None) -> dict[str, object]:
    """The row that the rule makes of a row of the responses: below 70 answers is too few."""
    key = {name: response[name] for name in (*PLACE, "period_type", "period_start")}
    if response["status"] == "suppressed":
        return key | EMPTY | {"status": "suppressed"}
    n, norm = response["responses"], 8.0 if response["product_code"] == "all" else 7.0
    assert isinstance(n, int)
    assert value is not None
    return key | {
        "responses": n,
        "response_rate": response["response_rate"],
        "value": value,
        "value_second_judgement": value + 0.5 if value < norm else None,
        "norm": norm,
        "published": n >= 70,
        "reason": "enough_answers" if n >= 70 else "too_few_answers",
        "status": "published",
    }


def release() -> dict[str, pa.Table]:
    """The release with a second judgement that gives everybody half a point, and publication."""
    tables = derived_release()
    figures = tables["mart_kpi"].to_pylist()
    again = [
        row | {name: row[name] + 0.5 for name in row if name in SHIFTED and row[name] is not None}
        for row in figures
    ]
    again = [row | {"metric": "again"} for row in again]
    metric = tables["dim_metric"].to_pylist()[0]
    key = ("organisation_code", "period", "product_code")
    value = {tuple(row[name] for name in key): row["value"] for row in figures}
    rows = [
        row_of(row, value[tuple(row[name] for name in key)])
        for row in tables["mart_response"].to_pylist()
    ]
    return tables | {
        "mart_kpi": pa.Table.from_pylist([*figures, *again], tables["mart_kpi"].schema),
        "dim_metric": pa.Table.from_pylist([metric, metric | {"metric": "again"}]),
        "mart_publication": pa.Table.from_pylist(rows),
    }


SHIFTED = ("value", "value_rounded", "previous_value", "year_ago_value", "benchmark_value")


RULES = {"s": RULE}


def whats(
    tables: Mapping[str, pa.Table], rules: Mapping[str, Publication] | None = RULES
) -> set[str]:
    """What is found in that table; counts of rows elsewhere do not know the second judgement."""
    findings = audit_derived(tables, publications=rules)
    return {one.what for one in findings if one.table == "mart_publication"}


def test_a_publication_that_follows_has_no_findings():
    tables = release()
    assert whats(tables) == set()
    assert whats(tables, None) == set()
    rows = tables["mart_publication"].to_pylist()
    assert {row["reason"] for row in rows} == {"enough_answers", "too_few_answers", None}
    assert {row["value_second_judgement"] is None for row in rows} == {True, False}


@pytest.mark.parametrize(
    ("column", "wrong", "found"),
    [
        ("responses", 99, "responses is not that of mart_response"),
        ("response_rate", 21.0, "response_rate is not that of mart_response"),
        ("response_rate", None, "response_rate is not that of mart_response"),
        ("value", 7.76, "value is not the judged metric's"),
        ("value", 8.25, "value is not the judged metric's"),
        ("value_second_judgement", None, "value_second_judgement does not follow"),
        ("value_second_judgement", 7.75, "value_second_judgement does not follow"),
        ("norm", 7.0, "norm is not the study's"),
        ("published", False, "published does not follow from published figures"),
        ("published", None, "published does not follow from published figures"),
        ("reason", "enough_response", "reason does not follow from published figures"),
        ("reason", "below_norm", "reason does not follow from published figures"),
        ("organisation_code", "Z", "the row is missing"),
    ],
)
def test_a_column_that_does_not_follow_is_found(column: str, wrong: object, found: str):
    tables = release()
    # A: 100 answers, 7.25 and half a point in 2020
    doctored = with_value(tables["mart_publication"], column, wrong, **PLACE)
    assert found in whats(tables | {"mart_publication": doctored})


def test_a_second_judgement_of_who_meets_the_norm_is_found():
    tables = release()
    of_product = PLACE | {"product_code": "p"}
    doctored = with_value(tables["mart_publication"], "value_second_judgement", 8.25, **of_product)
    assert whats(tables | {"mart_publication": doctored}) == {
        "value_second_judgement does not follow"
    }


def test_a_row_that_is_hidden_though_all_it_rests_on_is_published_is_found():
    tables = release()
    doctored = tables["mart_publication"]
    for column, value in {**EMPTY, "status": "suppressed"}.items():
        doctored = with_value(doctored, column, value, **PLACE)
    assert whats(tables | {"mart_publication": doctored}) == {
        "status does not follow from published figures"
    }


def test_a_verdict_on_a_rate_that_is_not_told_is_found():
    tables = release()
    counts = ("invited", "undeliverable", "opted_out", "net_sample", "responses_invited")
    response = tables["mart_response"]
    place = PLACE | {"organisation_code": "D"}
    for column in (*counts, "response_rate", "required_sample", "required_reached"):
        response = with_value(response, column, None, **place)
    told = with_value(tables["mart_publication"], "response_rate", None, **place)
    found = whats(tables | {"mart_response": response, "mart_publication": told})
    assert "status does not follow from published figures" in found
    hidden = told
    for column, value in {**EMPTY, "status": "suppressed"}.items():
        hidden = with_value(hidden, column, value, **place)
    assert whats(tables | {"mart_response": response, "mart_publication": hidden}) == set()


def test_a_study_that_publishes_everything_gives_that_reason():
    always = {"s": Publication("grade", always=True)}
    found = whats(release(), always)
    assert "reason does not follow from published figures" in found
    assert "norm is not the study's" in found


def test_a_study_without_a_rule_has_no_rows():
    assert whats(release(), {}) == {"no rule of the study asks for this row"}


@pytest.mark.parametrize(
    ("column", "wrong", "found"),
    [
        ("responses", 99, "responses is not that of mart_response"),
        ("response_rate", 21.0, "response_rate is not that of mart_response"),
        ("value", 7.76, "value is no published value"),
        ("value_second_judgement", 7.0, "value_second_judgement is no published value"),
    ],
)
def test_without_rules_each_figure_must_still_be_a_published_one(
    column: str, wrong: object, found: str
):
    tables = release()
    doctored = with_value(tables["mart_publication"], column, wrong, **PLACE)
    assert whats(tables | {"mart_publication": doctored}, None) == {found}


def test_the_period_is_that_of_its_dimension():
    tables = release()
    doctored = with_value(tables["mart_publication"], "period_start", dt.date(2020, 1, 2), **PLACE)
    assert whats(tables | {"mart_publication": doctored}) == {
        "the period is not that of dim_period"
    }
