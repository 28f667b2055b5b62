"""Published rows of one municipality, written down by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dagster_project.factsheet.figures import (
    ANSWERS,
    FUNNEL,
    HIDDEN,
    KPI,
    PERIODS,
    PRIORITY,
    READ,
    RESPONSES,
    VERDICTS,
    Facts,
)

STUDY, PLACE = "nvvb", "GM0637"
EVERYWHERE = {"channel": "all", "product_code": "all", "segment": "all", "segment_value": "all"}
COMPARED = dict.fromkeys(
    (
        "n_weighted",
        "previous_value",
        "change",
        "change_significant",
        "year_ago_value",
        "benchmark_value",
        "benchmark_organisations",
        "benchmark_significant",
        "series_break",
    )
)


def kpi(metric: str, period: str, value: float | None, **other: object) -> dict[str, Any]:
    """Make a row of mart_kpi; without a value it is suppressed."""
    shown = {"n": 100, "margin": 0.1, "status": "published"}
    hidden = {"n": None, "margin": None, "status": "suppressed"}
    base = {"metric": metric, "period": period, **EVERYWHERE, **COMPARED}
    return base | (hidden if value is None else shown) | {"value": value} | other


def answers(
    question: str, period: str, shares: Mapping[str, float], **other: object
) -> list[dict[str, Any]]:
    """Make rows of mart_distribution, a share per answer code."""
    base = {"metric": question, "period": period, **EVERYWHERE, "n": 100, "status": "published"}
    return [base | {"answer": code, "share": share} | other for code, share in shares.items()]


def facts(
    rows: Sequence[dict[str, Any]],
    *,
    answers: Sequence[dict[str, Any]] = (),
    released_on: date | None = date(2021, 1, 15),
    **told: Sequence[dict[str, Any]],
) -> Facts:
    """Put the rows of one municipality together; its periods are those of the figures."""
    periods = [
        {"period": one, "released_on": released_on, "revised_on": None, "reason": None}
        for one in dict.fromkeys(row["period"] for row in rows)
    ]
    tables: dict[str, Sequence[dict[str, Any]]] = dict.fromkeys(READ, ())
    tables |= {KPI: rows, ANSWERS: answers, PERIODS: periods}
    named = {"funnel": FUNNEL, "hidden": HIDDEN, "responses": RESPONSES}
    named |= {"priority": PRIORITY, "verdicts": VERDICTS}
    tables |= {named[name]: found for name, found in told.items()}
    return Facts(STUDY, PLACE, tables)
