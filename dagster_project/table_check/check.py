"""Check a published table: which suppressed cells it gives away, and how.

Belongs here: what is reported, and the equations. Does not belong here: the attack and
its rules, layout of reports (lines).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dagster_project.disclosure.attack.layout import BASE
from dagster_project.disclosure.judge import Violation
from dagster_project.table_check.adding import wrong_sums
from dagster_project.table_check.attacking import MEAN, Ends, Found, Known, attack_table
from dagster_project.table_check.read import TableError, read_table
from dagster_project.table_check.table import Row, Sums, Table, name_of

MIN_N = 10
GROUP = "union"
NOT_USABLE = ("contradiction", "limit")
CLASH = (
    "contradict each other, so nothing was worked out of them; mend what is wrong, or add the rows "
    "that the table leaves out, with n suppressed"
)


@dataclass(frozen=True)
class Suppressed:
    """What is known of a suppressed figure: intervals of n and of the mean, None if unlimited.

    `row` is the spreadsheet row; a `mean` is None where the table prints none at all.
    """

    row: int
    name: str
    n: tuple[int, int | None]
    mean: Ends | None


@dataclass(frozen=True)
class Finding:
    """Something that the table gives away.

    `rows` are the rows of the cell, or of the cells that are known together; `rule` is one of those
    of `judge_from_outside`. `n` is the number of respondents where it follows, `mean` the interval
    of their mean, `equation` how it follows, with numbers filled in.
    """

    rule: str
    rows: tuple[int, ...]
    name: str
    what: str
    n: int | None
    mean: Ends | None
    equation: str


@dataclass(frozen=True)
class Report:
    """All about a table: `groups` are known together, on `min_n` respondents or more."""

    table: Table
    min_n: int
    findings: tuple[Finding, ...]
    groups: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]

    @property
    def unused(self) -> tuple[int, ...]:
        """Rows with a mean beside a suppressed n, which limits no sum."""
        return tuple(row.number for row in self.table.rows if row.n is None and row.mean)


def check_tables(
    path: Path, *, hierarchies: Path | None = None, min_n: int = MIN_N, zeros_shown: bool = False
) -> Report:
    """Attack the table in a file.

    Args:
        path: see `read_table`.
        hierarchies: see `equations_of`.
        min_n: fewest respondents that may be known.
        zeros_shown: whether a suppressed cell has somebody, as the table prints a 0 as 0.

    Raises:
        TableError: the file, or a row of it, cannot be used.

    """
    table = read_table(path, hierarchies, zeros_shown=zeros_shown)
    if problems := list(wrong_sums(table)):
        raise TableError(problems)
    found = attack_table(table, min_n)
    groups = list(_groups(table, found))
    few = [one for one in groups if one.n is not None and one.n < min_n]
    findings = [*_findings(table, found), *few, *_unions(table, found, groups)]
    return Report(
        table,
        min_n,
        tuple(sorted(findings, key=lambda one: one.rows)),
        tuple(one for one in groups if one not in few),
        tuple(_suppressed(table, found)),
    )


def _findings(table: Table, found: Found) -> Iterator[Finding]:
    """Yield what is known of single cells; an exact n comes with all that follows from it."""
    yield from _not_usable(found)
    by_cell = {row.values: row for row in table.rows}
    for one in found.violations:
        if one.rule in NOT_USABLE or one.rule == GROUP:
            continue
        row = by_cell[one.cell[1:]]
        known, name = found.cells.get(row.values), name_of(row.values)
        if known is None:
            yield Finding(one.rule, (row.number,), name, one.what, None, None, one.equation)
        elif one.rule == "exact":
            n = round(known.n[0])
            equation = _equation(table, known, n)
            what = f"n = {n} follows"
            yield Finding(one.rule, (row.number,), name, what, n, known.mean, equation)
        elif not known.exact:
            how = _how(known, row, one)
            yield Finding(one.rule, (row.number,), name, one.what, None, known.mean, how)


def _not_usable(found: Found) -> Iterator[Finding]:
    """Yield what kept the attack from using the figures, or from searching everything."""
    clashing = {one.measure for one in found.violations if one.rule == "contradiction"}
    for measure, name in ((MEAN, "means"), (BASE, "numbers of respondents")):
        if measure in clashing:
            yield Finding("contradiction", (), f"the printed {name}", CLASH, None, None, "")
    for one in found.violations:
        if one.rule == "limit":
            yield Finding("limit", (), "the attack", one.what, None, None, "")


def _how(known: Known, row: Row, violation: Violation) -> str:
    """Return how an interval follows; many cells together may have a hand in that of a mean."""
    if violation.rule == "narrow" and known.n == (row.least, row.most):
        return "its own row says so"
    if violation.rule == "narrow_mean":
        return violation.equation or "from all cells that it is added up with"
    return violation.equation


def _groups(table: Table, found: Found) -> Iterator[Finding]:
    """Yield the groups of suppressed cells in which there is somebody."""
    for group, known in found.groups:
        if n := round(known.n[0]):
            what = f"n = {n} follows for all of them together"
            equation = _equation(table, known, n)
            yield Finding(GROUP, group.rows, group.name, what, n, known.mean, equation)


def _unions(table: Table, found: Found, groups: Sequence[Finding]) -> Iterator[Finding]:
    """Yield small unions that are neither one cell nor what is left of a total."""
    numbers = {name_of(row.values): row.number for row in table.rows}
    known = {one.rows for one in groups}
    for members, n, equation in found.unions:
        rows = tuple(sorted(numbers[name] for name in members if name in numbers))
        if len(members) > 1 and rows not in known:
            what = f"n = {n} follows for all of them together"
            how = equation.partition(" = ")[2]
            yield Finding(GROUP, rows, " + ".join(members), what, n, None, how)


def _suppressed(table: Table, found: Found) -> Iterator[Suppressed]:
    for row in table.rows:
        hidden_mean = table.has_means and row.mean is None and row.n != 0
        if row.n is not None and not hidden_mean:
            continue
        known = found.cells.get(row.values)
        low, high = known.n if known else (row.least, float("inf"))
        most = None if high == float("inf") else round(high)
        mean = known.mean if known and hidden_mean and most != 0 else None
        yield Suppressed(row.number, name_of(row.values), (round(low), most), mean)


def _equation(table: Table, known: Known, n: int) -> str:
    """Fill in the numbers of respondents, and the sums of answers where all have a mean."""
    if not known.terms:
        return known.equation
    text = f"{n} = {_added([(factor, str(row.n), row) for factor, row in known.terms])}"
    sums = [row.sums(table.answers) for _, row in known.terms]
    if not table.has_means or None in sums:
        return text
    told = [(f, one) for (f, _), one in zip(known.terms, sums, strict=True) if one is not None]
    of_all = Sums(
        sum((f * (s.low if f > 0 else s.high) for f, s in told), Fraction(0)),
        sum((f * (s.high if f > 0 else s.low) for f, s in told), Fraction(0)),
    )
    rows = [row for _, row in known.terms]
    added = _added([(f, _told(s), row) for (f, s), row in zip(told, rows, strict=True)])
    return f"{text}; sum of answers {_told(of_all)} = {added}"


def _added(terms: list[tuple[Fraction, str, Row]]) -> str:
    words = [
        f"{'+' if factor > 0 else '-'} {'' if abs(factor) == 1 else f'{abs(factor)} * '}"
        f"{number} ({name_of(row.values)})"
        for factor, number, row in sorted(terms, key=lambda one: (one[0] < 0, one[2].number))
    ]
    return " ".join(words).removeprefix("+ ")


def _told(sums: Sums) -> str:
    low, high = (f"{float(end):.10g}" for end in (sums.low, sums.high))
    return low if low == high else f"{low} to {high}"
