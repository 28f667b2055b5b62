"""What of the priority matrix must follow from published figures, and what its n may tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa
import pytest
from derived_release import COLUMNS, N, derived_release, with_value

from dagster_project.disclosure.audit import Priorities, audit_derived

PLACE = {"study": "s", "organisation_code": "A", "period": "2020", "channel": "all"}
YEAR = {"period_type": "year", "period_start": dt.date(2020, 1, 1)}
TOTAL = {"product_code": "all", "segment": "all", "segment_value": "all"}
RULES = Priorities(
    {("s", "price"): "grade", ("s", "speed"): "grade"}, least={"s": 30}, min_n={"s": 10}
)
VALUE = {"price": 6.0, "speed": 8.0}
IMPORTANCE = {"price": 0.5, "speed": 0.3}
QUADRANT = {"price": "high_priority", "speed": "maintain"}


def release(**changes: Mapping[str, object]) -> dict[str, pa.Table]:
    """The small release with two aspects of its grade, and what differs in a row of theirs."""
    tables = derived_release()
    figure = {"n": N["A"], "n_weighted": float(N["A"]), "status": "published", "margin": 0.2}
    kpis = [
        dict.fromkeys(COLUMNS) | PLACE | TOTAL | YEAR | figure | {"series_break": False}
        | {"metric": metric, "value": value, "value_rounded": value}
        for metric, value in VALUE.items()
    ]  # fmt: skip
    tables["mart_kpi"] = pa.concat_tables(
        [tables["mart_kpi"], pa.Table.from_pylist(kpis, tables["mart_kpi"].schema)]
    )
    (metric,) = tables["dim_metric"].to_pylist()
    described = [metric | {"metric": name} for name in ("grade", *VALUE)]
    tables["dim_metric"] = pa.Table.from_pylist(described)
    suppression = {"organisation_code": "A", "period": "2020"}
    tables["mart_suppression"] = with_value(
        tables["mart_suppression"], "cells_published", 4, **suppression
    )
    rows = [
        PLACE | {"metric": metric} | YEAR | {"n": 90, "satisfaction": VALUE[metric]}
        | {"importance": IMPORTANCE[metric], "importance_method": "correlation"}
        | {"quadrant": QUADRANT[metric], "status": "published"}
        | dict(changes.get(metric, {}))
        for metric in VALUE
    ]  # fmt: skip
    return tables | {"mart_priority": pa.Table.from_pylist(rows)}


def whats(tables: dict[str, pa.Table], rules: Priorities = RULES) -> set[str]:
    return {finding.what for finding in audit_derived(tables, priorities=rules)}


def test_a_matrix_that_follows_has_no_findings():
    assert whats(release()) == set()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"satisfaction": 6.1}, {"satisfaction is not the metric's value"}),
        ({"n": 29}, {"n is below the fewest for an importance"}),
        ({"n": N["A"] + 1}, {"n is more than answered"}),
        ({"importance": 3.2}, {"importance is out of bounds"}),
        ({"importance": 0.2}, {"quadrant does not follow from published figures"}),
        ({"quadrant": "strength"}, {"quadrant does not follow from published figures"}),
        ({"quadrant": None}, {"quadrant does not follow from published figures"}),
        ({"importance_method": None}, {"importance has no method, or a method no importance"}),
        ({"importance_method": "guess"}, {"importance has no method, or a method no importance"}),
        (
            dict.fromkeys(("satisfaction", "importance", "importance_method", "quadrant"))
            | {"status": "suppressed"},
            # the other is alone now, and in no quadrant
            {
                "a hidden row has a value for n",
                "quadrant does not follow from published figures",
            },
        ),
    ],
)
def test_what_does_not_follow_or_rests_on_too_few_is_found(
    change: dict[str, object], found: set[str]
):
    assert whats(release(price=change)) == found


@pytest.mark.parametrize(
    ("alone", "importance", "found"),
    [(0, 0.512, False), (1, 0.512, True), (1, 0.51, False), (9, 0.512, True), (10, 0.512, False)],
)
def test_an_importance_that_tells_what_the_few_said_is_found(
    alone: int, importance: float, *, found: bool
):
    told = "importance has more decimals than those who answered only one of the two allow"
    change = {"n": N["A"] - alone, "importance": importance}
    assert (told in whats(release(price=change, speed={"n": N["A"]}))) == found


def test_an_aspect_exactly_at_the_mean_may_lie_on_either_side():
    # both count as much: 0.4 and a mean of 0.4, but for the last bit
    equal = release(
        price={"importance": 0.4, "quadrant": "high_priority"},
        speed={"importance": 0.4 + 5e-17, "quadrant": "strength"},
    )
    assert whats(equal) == set()


def test_an_aspect_of_a_hidden_metric_is_found():
    tables = release()
    for column, value in (("status", "suppressed"), ("n", None), ("value", None)):
        tables["mart_kpi"] = with_value(tables["mart_kpi"], column, value, metric="price", **PLACE)
    assert "published, but the metric is not" in whats(tables)


def test_an_aspect_of_a_hidden_overall_metric_is_found():
    other = Priorities({("s", "price"): "joy", ("s", "speed"): "joy"}, {"s": 30}, {"s": 10})
    assert whats(release(), other) == {"published, but its overall metric is not"}


def test_aspects_of_different_overall_metrics_are_no_matrix():
    apart = Priorities({("s", "price"): "grade", ("s", "speed"): "joy"}, {"s": 30}, {"s": 10})
    assert "quadrant does not follow from published figures" in whats(release(), apart)


@pytest.mark.parametrize(("rest", "found"), [(0, set()), (9, {"few"}), (10, set())])
def test_a_total_that_tells_how_few_are_in_a_hidden_part_is_found(rest: int, found: set[str]):
    tables = release()
    total = tables["mart_priority"].to_pylist()[0] | {"quadrant": None}
    empty = dict.fromkeys(("n", "satisfaction", "importance", "importance_method", "quadrant"))
    parts = [
        total | {"channel": "desk", "n": 90 - rest},
        total | {"channel": "phone", "status": "suppressed"} | empty,
    ]
    rows = [total, *parts]
    tables["mart_priority"] = pa.Table.from_pylist(rows, tables["mart_priority"].schema)
    few = "n less that of the published parts is of too few"
    assert {what for what in whats(tables) if what == few} == ({few} if found else set())
