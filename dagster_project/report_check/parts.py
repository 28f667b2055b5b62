"""Whether printed parts add up to their whole, as far as rounding allows.

k parts that were rounded are off by at most half a unit each, and so is the printed whole. Where n
is known the parts are whole counts, which allows less. Belongs here: parts with the same base, such
as the answers to one question. Does not belong here: groups of respondents (groups).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from dagster_project.report_check.arrange import Parts
from dagster_project.report_check.exact import between, few, plain, rounded
from dagster_project.report_check.figure import Figure, Finding, Kind, Printed, Role
from dagster_project.report_check.sums import Span, behind

SIGNS = {Role.SUBTRACTS: -1, Role.NEITHER: 0}
HUNDRED = Fraction(100)
MOST_TERMS = 12


@dataclass(frozen=True)
class Judged:
    """Rows that a rule could judge, and what it found."""

    rows: frozenset[int]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Equation:
    """Signed figures that make up a whole (None: everybody), or at most the whole."""

    terms: tuple[tuple[int, Figure], ...]
    whole: Figure | None
    at_most: bool
    name: str

    @property
    def rows(self) -> tuple[int, ...]:
        """Rows of the whole and of the terms."""
        whole = (self.whole.row,) if self.whole else ()
        return (*whole, *(figure.row for _, figure in self.terms))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The terms without their signs, and the whole if it is a figure."""
        whole = (self.whole,) if self.whole else ()
        return (*(figure for _, figure in self.terms), *whole)


@dataclass(frozen=True)
class _Ends:
    low: Fraction
    high: Fraction


def judge_parts(one: Parts) -> Judged:
    """Judge one set of parts; nothing where a part or the whole is not printed."""
    equations = [
        equation
        for equation in _equations(one)
        if not any(figure.off_scale for figure in equation.figures)
    ]
    findings = tuple(finding for equation in equations if (finding := _judge(equation)))
    rows = frozenset(row for equation in equations for row in equation.rows)
    return Judged(rows, findings)


def _equations(one: Parts) -> Iterator[Equation]:
    parts = tuple(part for part in one.parts if part.printed)
    if (one.whole and not one.whole.printed) or not parts:
        return
    if Role.MULTIPLE in one.roles:
        for part in parts if one.whole else ():
            yield Equation(((1, part),), one.whole, at_most=True, name=one.name)
        return
    terms = tuple((SIGNS.get(part.role or Role.ADDS, 1), part) for part in parts)
    some = Role.AMONG in one.roles
    if not some and any(part.n != (0,) for part in one.parts if not part.printed):
        return
    yield Equation(tuple(term for term in terms if term[0]), one.whole, some, one.name)
    if one.whole and one.whole.kind is Kind.NET:
        every = tuple((1, part) for part in parts)
        yield Equation(every, None, Role.NEITHER not in one.roles, one.name or one.whole.subject)


def _judge(equation: Equation) -> Finding | None:
    ends, whole = _sum(equation), _whole(equation)
    if ends.low > whole.high or (ends.high < whole.low and not equation.at_most):
        return _off(equation, ends)
    return _off_by_count(equation)


def _sum(equation: Equation) -> _Ends:
    """Lowest and highest that the unrounded terms add up to."""
    low = high = Fraction(0)
    for sign, figure in equation.terms:
        ends = _ends(figure)
        low += ends.low if sign > 0 else -ends.high
        high += ends.high if sign > 0 else -ends.low
    return _Ends(low, high)


def _ends(figure: Figure) -> _Ends:
    """Lowest and highest that the figure can have been before rounding, within its scale."""
    printed = _printed(figure)
    low = printed.low if figure.minimum is None else max(printed.low, figure.minimum)
    high = printed.high if figure.maximum is None else min(printed.high, figure.maximum)
    return _Ends(low, high)


def _whole(equation: Equation) -> _Ends:
    return _ends(equation.whole) if equation.whole else _Ends(HUNDRED, HUNDRED)


def _printed(figure: Figure) -> Printed:
    if figure.printed is None:
        raise ValueError(figure.row)
    return figure.printed


def _off(equation: Equation, ends: _Ends) -> Finding:
    """Say that the sum is not the whole, however the terms were rounded."""
    said = [_added(equation)]
    if ends.low != ends.high:
        said.append(f"between {plain(ends.low)} and {plain(ends.high)} before rounding")
    if counts := _counts(equation):
        said.append(few((f"{_from_to(count)} of {n}" for n, count in counts.items()), " or "))
    why, whole = ", ".join(said), equation.whole
    if equation.at_most:
        instead = f"{'a part' if len(equation.terms) == 1 else 'parts'} cannot exceed the whole"
    elif whole:
        instead = f"the whole would be {between(ends.low, ends.high, _printed(whole).decimals)}"
    else:
        slack = sum(_printed(figure).slack for _, figure in equation.terms)
        instead = (
            f"{len(equation.terms)} parts of 100 add up to {plain(HUNDRED - slack)} to "
            f"{plain(HUNDRED + slack)} as printed; role multiple if several answers were possible"
        )
    return _finding(equation, why, instead)


def _added(equation: Equation) -> str:
    """Write the sum and what it comes to, in the decimals of the terms."""
    if len(equation.terms) == 1:
        return f"its part is {_written(equation)}"
    total = sum((sign * _printed(figure).value for sign, figure in equation.terms), Fraction(0))
    decimals = max(_printed(figure).decimals for _, figure in equation.terms)
    return f"{_written(equation)} is {rounded(total, decimals)}"


def _off_by_count(equation: Equation) -> Finding | None:
    """Say that whole counts out of n cannot do what unrounded shares could."""
    if not _bases(equation):
        return None
    fitting = [n for n, count in _counts(equation).items() if _whole_fits(equation, n, count)]
    alone = (any(behind(figure, n) for n in figure.n) for figure in equation.figures)
    if fitting or not all(alone):
        return None
    said = [
        f"with n = {n}, {_written(equation)} is {_from_to(count)} respondents, "
        f"the whole {_from_to(_whole_count(equation, n))}"
        for n, count in _counts(equation).items()
    ]
    why = few(said) or f"{_written(equation)}: no n listed makes all of them possible"
    return _finding(equation, why, "see whether all rest on the same n and none is left out")


def _bases(equation: Equation) -> frozenset[int]:
    """Give the n that all figures of the equation may share; none where one is not known."""
    if any(figure.weighted or figure.scale is None for figure in equation.figures):
        return frozenset()
    return frozenset.intersection(*(frozenset(figure.n) for figure in equation.figures))


def _counts(equation: Equation) -> dict[int, Span]:
    """Give the counts that the terms can add up to, by n for which each of them is possible."""
    counts: dict[int, Span] = {}
    for n in sorted(_bases(equation)):
        total: Span | None = Span(0, 0)
        for sign, figure in equation.terms:
            span = behind(figure, n)
            total = total + (span if sign > 0 else -span) if total and span else None
        if total:
            counts[n] = total
    return counts


def _whole_count(equation: Equation, n: int) -> Span | None:
    """Give the counts that the whole can be; for a net score the lowest is n against."""
    if equation.whole is None:
        return Span(n, n)
    span = behind(equation.whole, n)
    lowest = Span(-n, -n) if equation.whole.kind is Kind.NET else Span(0, 0)
    return span + lowest if span else None


def _whole_fits(equation: Equation, n: int, count: Span) -> bool:
    whole = _whole_count(equation, n)
    if whole is None:
        return False
    return count.low <= whole.high if equation.at_most else count.meets(whole)


def _written(equation: Equation) -> str:
    """Write the sum as the report prints it: `52 - 14`."""
    written = ""
    for sign, figure in equation.terms[:MOST_TERMS]:
        mark = "-" if sign < 0 else "+"
        number = rounded(_printed(figure).value, _printed(figure).decimals)
        written += f" {mark} {number}" if written else (f"-{number}" if sign < 0 else number)
    more = len(equation.terms) - MOST_TERMS
    return f"{written} + {more} more" if more > 0 else written


def _from_to(span: Span | None) -> str:
    if span is None:
        return "none"
    return str(span.low) if span.low == span.high else f"{span.low} to {span.high}"


def _finding(equation: Equation, why: str, instead: str) -> Finding:
    if equation.whole:
        shown, subject = equation.whole, equation.whole.subject
        text = _printed(shown).text
    else:
        shown = equation.terms[0][1]
        subject = equation.name or shown.subject
        text = f"{len(equation.terms)} parts of 100%"
    return Finding("parts", equation.rows, subject, shown.source, text, why, instead)
