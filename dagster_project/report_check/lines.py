"""A report as lines for people and as JSON for programs.

Belongs here: wording and layout. Does not belong here: finding anything out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from dagster_project.report_check.check import Report, Row
from dagster_project.report_check.exact import spans
from dagster_project.report_check.figure import Finding


def report_lines(report: Report) -> Iterator[str]:
    """Yield what cannot be right, what is possible for some n only, what was not checked."""
    for finding in report.findings:
        yield _finding_line(report.file, finding)
    for row in report.rows:
        if row.fits and row.fails:
            yield _some_n_line(report.file, row)
    reasons: defaultdict[str, list[int]] = defaultdict(list)
    for row in report.unchecked:
        reasons[row.reason or ""].append(row.figure.row)
    for reason, rows in reasons.items():
        yield f"{report.file} {_rows(rows)}: not checked: {reason}"
    for column in report.ignored:
        yield f"{report.file} column {column}: ignored, as it is none of the columns known"
    yield ""
    yield (
        f"rows         {len(report.rows)} read = {len(report.checked)} checked"
        f" + {len(report.unchecked)} not checkable"
    )
    yield f"figures      {_counted(report)}"


def report_json(report: Report) -> dict[str, Any]:
    """Give the whole report as JSON values.

    `file`; `rows_read`, `rows_checked`, `rows_not_checkable`; `findings`: `rule`, `rows`,
    `subject`, `source`, `printed`, `why`, `instead`; `rows`: `row`, `figure`, `label`, `source`,
    `kind`, `printed`, `checked`, `reason`, `possible_n`, `impossible_n`; `ignored_columns`.
    """
    return {
        "file": report.file,
        "rows_read": len(report.rows),
        "rows_checked": len(report.checked),
        "rows_not_checkable": len(report.unchecked),
        "findings": [
            {
                "rule": finding.rule,
                "rows": list(finding.rows),
                "subject": finding.subject,
                "source": finding.source,
                "printed": finding.printed,
                "why": finding.why,
                "instead": finding.instead,
            }
            for finding in report.findings
        ],
        "rows": [
            {
                "row": row.figure.row,
                "figure": row.figure.name,
                "label": row.figure.label,
                "source": row.figure.source,
                "kind": row.figure.kind.value,
                "printed": row.figure.printed.text if row.figure.printed else "",
                "checked": row.reason is None,
                "reason": row.reason,
                "possible_n": list(row.fits),
                "impossible_n": list(row.fails),
            }
            for row in report.rows
        ],
        "ignored_columns": list(report.ignored),
    }


def _finding_line(file: str, finding: Finding) -> str:
    first, *others = finding.rows
    beside = f" (with {_rows(others)})" if others else ""
    source = f" ({finding.source})" if finding.source else ""
    return (
        f"{file} row {first}{beside}: {finding.subject}{source}: "
        f"{finding.printed} cannot be right: {finding.why}; {finding.instead}"
    )


def _some_n_line(file: str, row: Row) -> str:
    figure = row.figure
    text = figure.printed.text if figure.printed else ""
    return (
        f"{file} row {figure.row}: {figure.subject}: {text} is possible with "
        f"n = {spans(row.fits)}, not with n = {spans(row.fails)}"
    )


def _rows(rows: list[int]) -> str:
    return f"row{'s' if len(rows) > 1 else ''} {spans(rows)}"


def _counted(report: Report) -> str:
    if not report.findings:
        return "none that cannot be right"
    return f"{len(report.findings)} cannot be right"
