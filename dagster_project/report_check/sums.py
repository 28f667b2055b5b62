"""Which sums of answers a printed figure allows: the GRIM test.

Source: N. J. L. Brown and J. A. J. Heathers, "The GRIM Test: A Simple Technique Detects Numerous
Anomalies in the Reporting of Results in Psychology", Social Psychological and Personality Science
8 (4), 2017, 363-369. Answers come in steps, so their sum does, and a mean of few answers can take
few values only. Belongs here: that arithmetic, for one figure and one n. Does not belong here: what
follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from dagster_project.report_check.figure import Figure, Printed, Scale


@dataclass(frozen=True)
class Span:
    """Whole numbers from `low` to `high`, both included: steps above n lowest scores."""

    low: int
    high: int

    def __add__(self, other: Span) -> Span:
        """Add any number of the one to any number of the other."""
        return Span(self.low + other.low, self.high + other.high)

    def __neg__(self) -> Span:
        """Turn the sign."""
        return Span(-self.high, -self.low)

    def meets(self, other: Span) -> bool:
        """Whether a number lies in both."""
        return self.low <= other.high and other.low <= self.high


def possible(printed: Printed, scale: Scale, n: int) -> Span | None:
    """Give the k for which `minimum + k * step / n` is printed so, None where there is none.

    Exactly between two printable figures either may have been printed.
    """
    if n == 0:
        return None
    low = max(0, ceil((printed.low - scale.minimum) * n / scale.step))
    high = min(n * scale.steps, floor((printed.high - scale.minimum) * n / scale.step))
    return Span(low, high) if low <= high else None


def behind(figure: Figure, n: int) -> Span | None:
    """Do the same for a figure of the file, for which a printed numerator leaves one k at most.

    None also where the scale is not known or nothing is printed.
    """
    scale = figure.scale
    if figure.printed is None or scale is None:
        return None
    span = possible(figure.printed, scale, n)
    if span is None or figure.numerator is None:
        return span
    steps = (figure.numerator * figure.factor - n * scale.minimum) / scale.step
    if steps.denominator != 1 or not span.low <= steps <= span.high:
        return None
    return Span(int(steps), int(steps))


def value_of(steps: int, scale: Scale, n: int) -> Fraction:
    """Give the unrounded figure of n scores that lie `steps` above the lowest in all."""
    return scale.minimum + steps * scale.step / n


def always_fits(printed: Printed, scale: Scale, n: int) -> bool:
    """Whether n is so large that every figure of as many decimals within the scale is possible."""
    return scale.step <= 2 * printed.slack * n


def neighbours(printed: Printed, scale: Scale, n: int) -> tuple[int, ...]:
    """Give the k nearest below and above a figure that no k gives."""
    if n == 0:
        return ()
    below = floor((printed.value - scale.minimum) * n / scale.step)
    return tuple(steps for steps in (below, below + 1) if 0 <= steps <= n * scale.steps)
