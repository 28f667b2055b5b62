"""Check every printed figure of a file, alone and together.

Belongs here: running the rules and accounting for every row. Does not belong here: a rule, wording
of reports (lines).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_project.report_check import alone
from dagster_project.report_check.alone import Alone
from dagster_project.report_check.arrange import GROUPS, Parts, arrange
from dagster_project.report_check.figure import Figure, Finding, Kind
from dagster_project.report_check.groups import judge_groups
from dagster_project.report_check.parts import Judged, judge_parts
from dagster_project.report_check.read import FiguresError, read_figures

BY_ITSELF = "a count by itself: no n, no whole, no parts"


@dataclass(frozen=True)
class Row:
    """One figure and what became of it; `reason` is None for a figure that was checked."""

    figure: Figure
    reason: str | None
    fits: tuple[int, ...]
    fails: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """All rows of the file in order, and findings by row; rows are checked or have a reason."""

    file: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    ignored: tuple[str, ...]

    @property
    def checked(self) -> tuple[Row, ...]:
        """Rows that at least one rule could judge."""
        return tuple(row for row in self.rows if row.reason is None)

    @property
    def unchecked(self) -> tuple[Row, ...]:
        """Rows that no rule could judge."""
        return tuple(row for row in self.rows if row.reason is not None)


def check_report(path: Path) -> Report:
    """Read a file of printed figures and judge them all.

    Raises:
        FiguresError: the file, or a row of it, cannot be understood.

    """
    read = read_figures(path)
    rows, findings = judge(read.path, read.figures)
    return Report(read.path, rows, findings, read.ignored)


def judge(file: str, figures: Sequence[Figure]) -> tuple[tuple[Row, ...], tuple[Finding, ...]]:
    """Judge figures that were read; `file` is their name in messages.

    Raises:
        FiguresError: rows name each other in a way that makes no sense.

    """
    arranged, problems = arrange(file, figures)
    if problems:
        raise FiguresError(problems)
    single = {figure.row: alone.judge(figure) for figure in figures}
    together = [
        *(_judge_set(one) for one in arranged.sets),
        *(judge_pair(one, other) for one, other in arranged.pairs),
    ]
    judged = frozenset[int]().union(*(one.rows for one in together))
    findings = [found.finding for found in single.values() if found.finding]
    findings += [finding for one in together for finding in one.findings]
    rows = tuple(_row(figure, single[figure.row], judged) for figure in figures)
    return rows, tuple(sorted(findings, key=lambda finding: finding.rows[0]))


def _judge_set(one: Parts) -> Judged:
    return judge_groups(one) if one.roles & GROUPS else judge_parts(one)


def judge_pair(one: Figure, other: Figure) -> Judged:
    """Judge a figure that is printed in two places; with fewer decimals in one, by rounding."""
    first, second = one.printed, other.printed
    if first is None or second is None:
        return Judged(frozenset())
    rows = (one.row, other.row)
    alike = (
        first.value == second.value
        if first.decimals == second.decimals
        else first.low <= second.high and second.low <= first.high
    )
    if alike:
        return Judged(frozenset(rows))
    why = f"row {other.row} prints the same figure as {second.text}"
    instead = "one of the two at most can be right"
    return Judged(
        frozenset(rows), (Finding("same", rows, one.subject, one.source, first.text, why, instead),)
    )


def _row(figure: Figure, found: Alone, judged: frozenset[int]) -> Row:
    reason = found.reason
    if figure.kind is Kind.COUNT and reason == alone.NO_N:
        reason = BY_ITSELF
    if figure.row in judged:
        reason = None
    return Row(figure, reason, found.fits, found.fails)
