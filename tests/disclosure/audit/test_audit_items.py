"""Item response tells nothing that is not published elsewhere in the release."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from derived_release import N, derived_release, with_value

from dagster_project.disclosure.audit import audit_derived

PLACE = {"study": "s", "organisation_code": "A", "period": "2020", "channel": "all"}
YEAR = {"period_type": "year", "period_start": dt.date(2020, 1, 1)}
TOTAL = {"product_code": "all", "segment": "all", "segment_value": "all"}


def items(**row: object) -> pa.Table:
    """One row: everybody who was asked for a grade gave one."""
    n = N["A"]
    known = {"question": "grade"} | YEAR | {"asked": n, "answered": n, "share": 100.0}
    return pa.Table.from_pylist([PLACE | known | {"status": "published"} | row])


def distribution(n: int | None, status: str = "published", metric: str = "grade") -> pa.Table:
    share = None if n is None else 100.0
    row = PLACE | TOTAL | {"metric": metric, "answer": "7"} | YEAR
    return pa.Table.from_pylist([row | {"n": n, "share": share, "status": status}])


def whats(**tables: pa.Table) -> set[str]:
    """What is found in the release with these tables."""
    return {one.what for one in audit_derived(derived_release() | tables)}


def test_an_item_response_that_follows_has_no_findings():
    assert derived_release()["mart_response"].num_rows == 16
    assert whats(mart_item_response=items()) == set()


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"share": 99.0}, {"share is not answered of asked"}),
        (
            {"asked": N["A"] * 2, "share": 50.0},
            {"asked is not the responses published"},
        ),
        (
            {"answered": N["A"] - 3, "share": 97.0},
            {
                "answered is not the n of the figure on the question",
                "answered is no published n of the cell",
            },
        ),
        ({"question": "other"}, set()),
        (
            {"question": "other", "answered": N["A"] - 3, "share": 97.0},
            {"answered is no published n of the cell"},
        ),
        (
            {"status": "suppressed"},
            {f"a hidden row has a value for {column}" for column in ("asked", "answered", "share")},
        ),
    ],
)
def test_a_count_that_stands_nowhere_else_is_found(row: dict[str, object], found: set[str]):
    assert whats(mart_item_response=items(**row)) == found


def test_a_count_of_a_cell_that_is_hidden_is_found():
    hidden = derived_release()["mart_response"]
    for column in hidden.column_names[7:]:
        value = "suppressed" if column == "status" else None
        hidden = with_value(hidden, column, value, **PLACE, product_code="all")
    found = whats(mart_response=hidden, mart_item_response=items())
    assert "asked is not the responses published" in found


def test_the_distribution_counts_whoever_the_metric_leaves_out():
    # three do not know: an answer, but no score
    n = N["A"]
    response = derived_release()["mart_response"]
    asked = next(
        row["responses"]
        for row in response.to_pylist()
        if PLACE.items() <= row.items() and row["product_code"] == "all"
    )
    assert asked == n
    told = items(answered=n - 3, share=100.0 * (n - 3) / n)
    assert whats(mart_item_response=told, mart_distribution=distribution(n - 3)) == set()
    assert whats(mart_item_response=told, mart_distribution=distribution(n)) == {
        "answered is not the n of the figure on the question",
        "answered is no published n of the cell",
    }


def test_a_question_whose_distribution_is_hidden_is_found():
    hidden = distribution(None, "suppressed")
    assert whats(mart_item_response=items(), mart_distribution=hidden) == {
        "published, but the figure on the question is hidden",
        "answered is not the n of the figure on the question",
    }
