"""A published table as its rows, each a cell; values only.

Belongs here: what a row says. Does not belong here: reading it, working anything out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from dagster_project.disclosure.attack.layout import TOTAL
from dagster_project.report_check.figure import Printed


@dataclass(frozen=True)
class Answers:
    """What one respondent can answer; `step` is None where any number between the ends is one."""

    minimum: Fraction
    maximum: Fraction
    step: Fraction | None


@dataclass(frozen=True)
class Sums:
    """The least and the most that the answers of a cell can add up to."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Row:
    """One cell of the table.

    `number` is the spreadsheet row, `values` has one value per dimension, `all` for its total. `n`
    is None where it is suppressed; then it lies between `least` and `most` (None: no limit). `mean`
    is None where none is printed.
    """

    number: int
    values: tuple[str, ...]
    n: int | None
    least: int
    most: int | None
    mean: Printed | None

    def sums(self, answers: Answers) -> Sums | None:
        """Return what n answers with this printed mean can add up to; None where it is unknown.

        A mean m printed with d decimals is one of m - 0.5 * 10^-d to m + 0.5 * 10^-d, both ends
        included. `low` is above `high` if no such sum is possible.
        """
        if self.n is None or (self.mean is None and self.n):
            return None
        if self.mean is None or not self.n:
            return Sums(Fraction(0), Fraction(0))
        lowest = self.n * answers.minimum
        low = max(self.n * self.mean.low, lowest)
        high = min(self.n * self.mean.high, self.n * answers.maximum)
        if answers.step:
            low = lowest + math.ceil((low - lowest) / answers.step) * answers.step
            high = lowest + math.floor((high - lowest) / answers.step) * answers.step
        return Sums(low, high)


@dataclass(frozen=True)
class Equation:
    """In a dimension, `parent` is the sum of the `children`; `partition` tells breakdowns apart."""

    dimension: int
    partition: str
    parent: str
    children: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A file: its dimensions by name, its rows, and how they add up."""

    file: str
    dimensions: tuple[str, ...]
    rows: tuple[Row, ...]
    answers: Answers
    has_means: bool
    equations: tuple[Equation, ...]


def name_of(values: tuple[str, ...]) -> str:
    """Name a cell for people: its values but for totals."""
    return " ".join(value for value in values if value != TOTAL) or TOTAL
