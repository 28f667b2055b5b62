"""What was found of a table, as lines for people and as JSON for programs.

Belongs here: wording and layout. Does not belong here: finding anything out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from dagster_project.report_check.exact import spans
from dagster_project.table_check.attacking import Ends
from dagster_project.table_check.check import Finding, Report, Suppressed

SHOWN = 20
"""Suppressed cells whose intervals are shown; JSON has all."""


def report_lines(report: Report) -> Iterator[str]:
    """Yield what the table gives away, which groups are known, and the interval of each cell."""
    file = report.table.file
    for finding in report.findings:
        yield _line(file, finding)
    for group in report.groups:
        yield f"{_line(file, group)} (a group of {report.min_n} or more)"
    for row in report.unused:
        yield f"{file} row {row}: its mean is not used, as the n it rests on is suppressed"
    hidden = report.suppressed
    if hidden:
        yield ""
        yield "what else can be known of what is suppressed"
        yield from (_interval(one) for one in hidden[:SHOWN])
        if len(hidden) > SHOWN:
            yield f"  and of {len(hidden) - SHOWN} more, see --json"
    yield ""
    shown = len(report.table.rows) - len(hidden)
    cells = len(report.table.rows)
    yield f"cells        {cells} read = {shown} published + {len(hidden)} suppressed"
    count = len(report.findings)
    yield f"disclosed    {count} finding{'s' * (count != 1)}" if count else "disclosed    nothing"


def report_json(report: Report) -> dict[str, Any]:
    """Give the whole report as JSON values.

    `file`, `min_n`, `cells`; `findings` and `groups`: `rule`, `rows`, `name`, `what`, `n`, `mean`
    (lowest and highest), `equation`; `unused_means`: rows; `suppressed`: `row`, `name`, `n` and
    `mean` (lowest and highest, null where there is no limit).
    """
    return {
        "file": report.table.file,
        "min_n": report.min_n,
        "cells": len(report.table.rows),
        "findings": [_finding(one) for one in report.findings],
        "groups": [_finding(one) for one in report.groups],
        "unused_means": list(report.unused),
        "suppressed": [
            {"row": one.row, "name": one.name, "n": list(one.n), "mean": _ends(one.mean)}
            for one in report.suppressed
        ],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "rows": list(one.rows),
        "name": one.name,
        "what": one.what,
        "n": one.n,
        "mean": _ends(one.mean),
        "equation": one.equation,
    }


def _ends(mean: Ends | None) -> list[float | None] | None:
    return None if mean is None else [end if math.isfinite(end) else None for end in mean]


def _line(file: str, one: Finding) -> str:
    rows = f" row{'s' * (len(one.rows) > 1)} {spans(one.rows)}" if one.rows else ""
    mean = f", their mean is {_span(one.mean)}" if one.mean and one.n else ""
    equation = f": {one.equation}" if one.equation else ""
    return f"{file}{rows}: {one.name}: {one.what}{mean}{equation}"


def _interval(one: Suppressed) -> str:
    low, high = one.n
    count = f"n {low}" if low == high else f"n {low} to {'any' if high is None else high}"
    mean = f", mean {_span(one.mean)}" if one.mean else ""
    return f"  row {one.row}: {one.name}: {count}{mean}"


def _span(mean: Ends) -> str:
    low, high = (f"{end:.2f}" for end in mean)
    return low if low == high else f"{low} to {high}"
