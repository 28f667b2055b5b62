"""The attack on the response by method: what is hidden there, and what must follow."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from derived_release import N, derived_release, with_value

from dagster_project.disclosure.audit import audit_derived

FUNNEL = "mart_response_funnel"
COUNTS = (
    *("gross_sample", "duplicates", "incomplete", "invited", "undeliverable", "opted_out"),
    *("net_sample", "responses_invited"),
)


def funnel_row(
    code: str, year: str, method: str, counts: tuple[int, ...] | None
) -> dict[str, object]:
    row: dict[str, object] = {"study": "s", "organisation_code": code, "period": year}
    row |= {"method": method, "period_type": "year", "period_start": dt.date(int(year), 1, 1)}
    if counts is None:
        return row | dict.fromkeys((*COUNTS, "response_rate")) | {"status": "suppressed"}
    row |= dict(zip(COUNTS, counts, strict=True))
    return row | {"response_rate": 100 * counts[-1] / counts[-2], "status": "published"}


def funnel_release(email: tuple[int, ...] | None = None) -> dict[str, pa.Table]:
    """The derived release, with two methods for A in 2020 beside what all have together."""
    rows = [
        funnel_row(code, year, "all", (520, 12, 8, 500, 20, 5, 475, n - 1))
        for code, n in N.items()
        for year in ("2019", "2020")
    ]
    rows += [funnel_row("A", "2020", "letter", None), funnel_row("A", "2020", "email", email)]
    return derived_release() | {FUNNEL: pa.Table.from_pylist(rows)}


A_2020 = {"organisation_code": "A", "period": "2020", "method": "all"}


def whats(tables: dict[str, pa.Table]) -> set[str]:
    return {finding.what for finding in audit_derived(tables) if finding.table == FUNNEL}


def test_a_funnel_that_follows_is_clean():
    assert audit_derived(funnel_release((320, 12, 8, 300, 10, 5, 285, 60))) == []


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("gross_sample", 521, "gross_sample is not invited + duplicates + incomplete"),
        ("gross_sample", None, "gross_sample is not invited + duplicates + incomplete"),
        ("invited", 499, "not what mart_response has"),
        ("responses_invited", 98, "not what mart_response has"),
        ("net_sample", 474, "net_sample is not invited - undeliverable - opted_out"),
        ("response_rate", 20.0, "response_rate does not follow"),
        ("undeliverable", None, "a published row without figures"),
    ],
)
def test_a_figure_that_does_not_follow_is_found(column: str, value: int | float | None, what: str):
    tables = funnel_release()
    tables[FUNNEL] = with_value(tables[FUNNEL], column, value, **A_2020)
    assert what in whats(tables)


def test_what_mart_response_is_silent_on_is_not_told_in_the_funnel():
    tables = funnel_release()
    for column in (*COUNTS[3:], "response_rate", "required_sample", "required_reached"):
        where = {"organisation_code": "A", "period": "2020", "product_code": "all"}
        tables["mart_response"] = with_value(tables["mart_response"], column, None, **where)
    assert whats(tables) == {"not what mart_response has"}
    for column in (*COUNTS, "response_rate"):
        tables[FUNNEL] = with_value(tables[FUNNEL], column, None, **A_2020)
    tables[FUNNEL] = with_value(tables[FUNNEL], "status", "suppressed", **A_2020)
    assert whats(tables) == set()


def test_a_hidden_method_that_speaks_is_found():
    tables = funnel_release()
    letter = A_2020 | {"method": "letter"}
    tables[FUNNEL] = with_value(tables[FUNNEL], "invited", 180, **letter)
    assert whats(tables) == {"a hidden row has a value for invited"}
