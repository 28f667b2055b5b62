"""Check a published table: which suppressed cells it gives away, and how.

Belongs here: what of the findings is told, and the equations. Does not belong here: the attack and
its rules, layout of reports (lines).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dagster_project.disclosure.attack.layout import BASE
from dagster_project.disclosure.judge import Violation
from dagster_project.table_check.adding import wrong_sums
from dagster_project.table_check.attacking import MEAN, Ends, Found, attack_table
from dagster_project.table_check.groups import Cell
from dagster_project.table_check.read import TableError, read_table
from dagster_project.table_check.table import Row, Sums, Table, name_of

MIN_N = 10
GROUP = "union"
NOT_USABLE = ("contradiction", "limit")


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
    groups_left_out: int


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
    by_cell = {row.values: row for row in table.rows}
    groups = list(_groups(table, found, by_cell))
    few = [one for one in groups if one.n is not None and one.n < min_n]
    findings = [*_findings(table, found, by_cell), *few, *_unions(found, by_cell, groups)]
    return Report(
        table,
        min_n,
        tuple(sorted(findings, key=lambda one: one.rows)),
        tuple(one for one in groups if one not in few),
        tuple(_suppressed(table, found)),
        found.attacked.left_out,
    )


def _findings(table: Table, found: Found, by_cell: Mapping[Cell, Row]) -> Iterator[Finding]:
    """Yield what is known of single cells; an exact n is told with all that goes with it."""
    yield from _not_usable(found)
    for one in found.violations:
        cell = one.cell[1:]
        if (
            one.rule in NOT_USABLE
            or one.rule == GROUP
            or (one.rule.startswith("narrow") and cell in found.exact)
        ):
            continue
        rows = (by_cell[cell].number,) if cell in by_cell else ()
        if one.rule == "exact":
            yield _exact(table, found, by_cell, cell, rows)
        else:
            mean, how = _mean(found, cell), _how(found, by_cell, one)
            yield Finding(one.rule, rows, name_of(cell), one.what, None, mean, how)


def _not_usable(found: Found) -> Iterator[Finding]:
    """Yield what kept the attack from using the figures, or from searching everything."""
    clashing = {one.measure for one in found.violations if one.rule == "contradiction"}
    for measure, name in ((MEAN, "means"), (BASE, "numbers of respondents")):
        if measure in clashing:
            what = "contradict each other, so nothing was worked out of them; mend what is wrong"
            yield Finding("contradiction", (), f"the printed {name}", what, None, None, "")
    for one in found.violations:
        if one.rule == "limit":
            yield Finding("limit", (), "the attack", one.what, None, None, "")


def _how(found: Found, by_cell: Mapping[Cell, Row], violation: Violation) -> str:
    """Return how an interval follows; many cells together may have a hand in that of a mean."""
    row = by_cell.get(violation.cell[1:])
    if violation.rule == "narrow" and row and found.n[row.values] == (row.least, row.most):
        return "its own row says so"
    if violation.rule == "narrow_mean":
        return violation.equation or "from all cells that it is added up with"
    return violation.equation


def _exact(
    table: Table, found: Found, by_cell: Mapping[Cell, Row], cell: Cell, rows: tuple[int, ...]
) -> Finding:
    n, mean = round(found.n[cell][0]), _mean(found, cell)
    equation = _equation(table, found, by_cell, cell, n)
    return Finding("exact", rows, name_of(cell), f"n = {n} follows", n, mean, equation)


def _groups(table: Table, found: Found, by_cell: Mapping[Cell, Row]) -> Iterator[Finding]:
    """Yield the groups of suppressed cells of which the number is known, and somebody is in."""
    for group in found.attacked.groups:
        for cell, total in zip(group.cells, group.totals, strict=True):
            n = round(found.n[cell][0]) if cell in found.exact else 0
            if not n:
                continue
            rows = tuple(sorted(by_cell[group.at(total, one)].number for one in group.members))
            name = " + ".join(name_of(group.at(total, one)) for one in group.members)
            what = f"n = {n} follows for all of them together"
            equation = _equation(table, found, by_cell, cell, n)
            yield Finding(GROUP, rows, name, what, n, _mean(found, cell), equation)


def _unions(found: Found, by_cell: Mapping[Cell, Row], groups: list[Finding]) -> Iterator[Finding]:
    """Yield small unions that are neither one cell nor what is left of a total."""
    numbers = {name_of(cell): row.number for cell, row in by_cell.items()}
    known = {one.rows for one in groups}
    for members, n, equation in found.unions:
        rows = tuple(sorted(numbers[name] for name in members if name in numbers))
        if len(members) > 1 and rows not in known:
            what = f"n = {n} follows for all of them together"
            how = equation.partition(" = ")[2]
            yield Finding(GROUP, rows, " + ".join(members), what, n, None, how)


def _mean(found: Found, cell: Cell) -> Ends | None:
    return found.mean.get(cell)


def _suppressed(table: Table, found: Found) -> Iterator[Suppressed]:
    for row in table.rows:
        hidden_mean = table.has_means and row.mean is None and row.n != 0
        if row.n is not None and not hidden_mean:
            continue
        low, high = (row.n, row.n) if row.n is not None else found.n[row.values]
        most = None if high == float("inf") else round(high)
        mean = found.mean.get(row.values) if hidden_mean and most != 0 else None
        yield Suppressed(row.number, name_of(row.values), (round(low), most), mean)


def _equation(table: Table, found: Found, by_cell: Mapping[Cell, Row], cell: Cell, n: int) -> str:
    """Fill in the numbers of respondents, and the sums of answers where all have a mean."""
    terms = found.terms.get(cell)
    if terms is None:
        return found.equations.get(cell, "")
    rows = [(factor, by_cell[of]) for factor, of in terms]
    counts = _added([(f, str(row.n), row) for f, row in rows])
    text = f"{n} = {counts}"
    sums = [row.sums(table.answers) for _, row in rows]
    if not table.has_means or None in sums:
        return text
    known = [(f, one) for (f, _), one in zip(rows, sums, strict=True) if one is not None]
    of_all = Sums(
        sum((f * (s.low if f > 0 else s.high) for f, s in known), Fraction(0)),
        sum((f * (s.high if f > 0 else s.low) for f, s in known), Fraction(0)),
    )
    added = _added([(f, _told(s), row) for (f, s), (_, row) in zip(known, rows, strict=True)])
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
