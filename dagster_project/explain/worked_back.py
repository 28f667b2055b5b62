"""Sums, counts and standard deviations that follow from published columns (docs/decisions.md).

Belongs here: arithmetic on one published row. Does not belong here: reading, wording.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 1.96
"""Standard normal, 95 % two-sided, as margins have it."""
WHOLE = 1e-3
"""A count that is further from whole is no count."""
SAME = 1e-9
FULL = 100.0


@dataclass(frozen=True)
class Row:
    """The published columns of a figure that arithmetic needs; `population` is None if unknown.

    `weighted` tells that weights differ from 1: then the margin rests on an effective number of
    respondents that is not published.
    """

    n: int
    n_weighted: float
    value: float
    margin: float | None
    population: int | None

    @property
    def weighted(self) -> bool:
        """Whether respondents count for more or less than one."""
        return abs(self.n_weighted - self.n) > SAME * self.n


@dataclass(frozen=True)
class Net:
    """Respondents for, in between and against."""

    for_: int
    neither: int
    against: int


def correction(row: Row) -> float:
    """Return the factor of a finite population, sqrt((N - n) / N); 1 where N is unknown."""
    if row.population is None:
        return 1.0
    return math.sqrt((row.population - row.n) / row.population)


def standard_deviation(row: Row) -> float | None:
    """Return the standard deviation (divisor n) behind a published margin.

    margin = 1.96 * sd / sqrt(n) * sqrt((N - n) / N), solved for sd. None where that does not tell
    it: without a margin, with weights, or where everybody answered and the margin is 0.
    """
    if row.margin is None or row.weighted or correction(row) < SAME:
        return None
    return row.margin * math.sqrt(row.n) / (Z * correction(row))


def net_counts(row: Row) -> Net | None:
    """Return how many score 100, 0 and -100, from n, their mean and their standard deviation.

    With p for and q against, n * mean = 100 * (p - q), and n * (sd^2 + mean^2) = 100^2 * (p + q).
    None where the figures do not give whole numbers.
    """
    deviation = standard_deviation(row)
    if deviation is None:
        return None
    both = row.n * (deviation**2 + row.value**2) / FULL**2
    lead = row.n * row.value / FULL
    for_, against = (both + lead) / 2, (both - lead) / 2
    if max(abs(for_ - round(for_)), abs(against - round(against))) > WHOLE:
        return None
    found = Net(round(for_), row.n - round(for_) - round(against), round(against))
    return found if min(found.for_, found.neither, found.against) >= 0 else None


def share_count(row: Row) -> int | None:
    """Return how many of n a percentage counts; None where that is no whole number."""
    count = row.n * row.value / FULL
    return round(count) if not row.weighted and abs(count - round(count)) < WHOLE else None
