"""Judge a printed figure by its own row: scale, numerator, n.

Belongs here: what is impossible without looking at another figure, and why a figure cannot be
judged. Does not belong here: parts and wholes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from dagster_project.report_check.exact import closer, few, plain, rounded, spans
from dagster_project.report_check.figure import Figure, Finding, Kind, Printed, Scale
from dagster_project.report_check.sums import (
    Span,
    always_fits,
    behind,
    neighbours,
    possible,
    value_of,
)

NOTHING_PRINTED = "nothing is printed"
WEIGHTED = "weighted"
NO_N = "no n"
NO_SCALE = "no scale: minimum, maximum and step of one answer are needed"
TOO_MANY = "n is so large that every figure of as many decimals is possible"


@dataclass(frozen=True)
class Alone:
    """What follows from the row alone.

    `reason` says why it could not be judged, None if it was. `fits` and `fails` are the n listed
    for which the figure is possible and impossible; both empty if it was not judged by n.
    """

    reason: str | None
    fits: tuple[int, ...] = ()
    fails: tuple[int, ...] = ()
    finding: Finding | None = None


def judge(figure: Figure) -> Alone:
    """Judge one figure; impossible only if no listed n makes it possible."""
    printed = figure.printed
    if printed is None:
        return Alone(NOTHING_PRINTED)
    if figure.off_scale:
        return Alone(None, finding=_off_scale(figure))
    reason = _cannot_judge(figure)
    if reason:
        return Alone(reason)
    if figure.scale is None:
        return _judge_count(figure, printed)
    return _judge_by_n(figure, printed, figure.scale)


def _judge_by_n(figure: Figure, printed: Printed, scale: Scale) -> Alone:
    fits = tuple(n for n in figure.n if behind(figure, n))
    fails = tuple(n for n in figure.n if n not in fits)
    if not fits:
        return Alone(None, fits, fails, _impossible(figure, printed, scale))
    if figure.numerator is None and all(always_fits(printed, scale, n) for n in figure.n):
        return Alone(TOO_MANY)
    return Alone(None, fits, fails)


def _cannot_judge(figure: Figure) -> str | None:
    if figure.weighted:
        return WEIGHTED
    if not figure.n:
        return NO_N
    if figure.scale is None and figure.kind is not Kind.COUNT:
        return NO_SCALE
    return None


def _off_scale(figure: Figure) -> Finding:
    """Say where the scale begins and ends."""
    low = "" if figure.minimum is None else f"begins at {plain(figure.minimum)}"
    high = "" if figure.maximum is None else f"ends at {plain(figure.maximum)}"
    ends = " and ".join(end for end in (low, high) if end)
    return _finding("scale", figure, "it lies outside its scale", f"that {ends}")


def _judge_count(figure: Figure, printed: Printed) -> Alone:
    fits = tuple(n for n in figure.n if n >= printed.value)
    fails = tuple(n for n in figure.n if n < printed.value)
    if fits:
        return Alone(None, fits, fails)
    why, instead = f"it is more than all {_or(figure.n)}", f"it is {max(figure.n)} at most"
    return Alone(None, fits, fails, _finding("count", figure, why, instead))


def _impossible(figure: Figure, printed: Printed, scale: Scale) -> Finding:
    if not any(figure.n):
        return _finding("n", figure, "n = 0: nobody answered", "no figure can be printed")
    if figure.numerator is None:
        return _no_answers(figure, printed, scale)
    return _not_its_numerator(figure, printed, scale, figure.numerator)


def _no_answers(figure: Figure, printed: Printed, scale: Scale) -> Finding:
    """Say which figures answers of n respondents could give instead."""
    if figure.kind is Kind.MEAN:
        answers = "answer" if figure.n == (1,) else "answers"
        answers += f" of {plain(scale.minimum)} to {plain(scale.maximum)}"
        steps = "" if scale.step == 1 else f" in steps of {plain(scale.step)}"
        why = f"no sum of {_or(figure.n)} {answers}{steps} gives it"
    else:
        counted = "net count" if figure.kind is Kind.NET else "count"
        why = f"no {counted} out of {_or(figure.n)} gives it"
    nearest = few(
        f"nearest possible with n = {n}: "
        + " and ".join(
            f"{rounded(value_of(steps, scale, n), printed.decimals)}"
            f" ({plain(numerator_of(figure, steps, n))})"
            for steps in neighbours(printed, scale, n)
        )
        for n in figure.n
        if n
    )
    return _finding("n", figure, why, nearest)


def _not_its_numerator(
    figure: Figure, printed: Printed, scale: Scale, numerator: Fraction
) -> Finding:
    """Say what the printed numerator would give, and which numerators give what is printed."""
    of = "over" if figure.kind is Kind.MEAN else "of"
    listed = [n for n in figure.n if n]
    said = (
        _gives(f"{plain(numerator)} {of} {n}", numerator * figure.factor, printed, scale, n)
        for n in listed
    )
    takes = [
        f"{_numerators(figure, span, n)} {of} {n}"
        for n in listed
        if (span := possible(printed, scale, n))
    ]
    would = f"it would take {few(takes, ' or ')}"
    instead = would if takes else f"nothing {of} {_or(listed)} gives it"
    return _finding("numerator", figure, few(said), instead)


def _gives(written: str, total: Fraction, printed: Printed, scale: Scale, n: int) -> str:
    """Say what a sum of n scores, `written` so in the report, comes to."""
    value = total / n
    if not scale.minimum <= value <= scale.maximum:
        return f"{written} is outside {plain(scale.minimum)} to {plain(scale.maximum)}"
    if ((total - n * scale.minimum) / scale.step).denominator != 1:
        return f"{written} is no sum of answers"
    exact, as_printed = closer(value, printed.decimals), rounded(value, printed.decimals)
    cut = f" ({printed.text} is cut off)" if _is_cut(value, printed) else ""
    return f"{written} is {exact}, which rounds to {as_printed}{cut}"


def _is_cut(value: Fraction, printed: Printed) -> bool:
    """Whether the printed figure is the value without the decimals that follow."""
    unit = Fraction(1, 10**printed.decimals)
    return abs(printed.value) <= abs(value) < abs(printed.value) + unit


def numerator_of(figure: Figure, steps: int, n: int) -> Fraction:
    """Turn a sum of scores into what a report calls the numerator: a sum, a count, a net count."""
    scale = figure.scale
    if scale is None:
        raise ValueError(figure.kind)
    return (n * scale.minimum + steps * scale.step) / figure.factor


def _numerators(figure: Figure, span: Span, n: int) -> str:
    first, last = (plain(numerator_of(figure, steps, n)) for steps in (span.low, span.high))
    return first if first == last else f"{first} to {last}"


def _or(numbers: tuple[int, ...] | list[int]) -> str:
    return spans(numbers).replace(", ", " or ")


def _finding(rule: str, figure: Figure, why: str, instead: str) -> Finding:
    text = figure.printed.text if figure.printed else ""
    return Finding(rule, (figure.row,), figure.subject, figure.source, text, why, instead)
