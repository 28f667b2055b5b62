"""One figure as a report prints it, and what is known of the answers behind it.

Belongs here: values. Does not belong here: reading them, judging them.

Every figure but a count is the mean of one score per respondent: a share that of 100 (counted) and
0, a net score that of 100 (for), 0 and -100 (against). So one arithmetic does for all of them: n
scores add up to `n * minimum + k * step` for a whole number k.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Kind(StrEnum):
    """What a figure is; `kinds.csv` lists the words that a file may use for it."""

    MEAN = "mean"
    SHARE = "share"
    NET = "net"
    COUNT = "count"


class Role(StrEnum):
    """How a part belongs to its whole."""

    ADDS = "adds"
    SUBTRACTS = "subtracts"
    NEITHER = "neither"
    AMONG = "among"
    MULTIPLE = "multiple"
    GROUP = "group"
    AMONG_GROUPS = "among_groups"


@dataclass(frozen=True)
class Printed:
    """A number as it stands on paper.

    The unrounded figure lies within `slack` of `value`, both ends included: half a unit of the last
    decimal, and 0 for what is not rounded.
    """

    text: str
    value: Fraction
    decimals: int
    slack: Fraction

    @property
    def low(self) -> Fraction:
        """Lowest figure that could be printed so."""
        return self.value - self.slack

    @property
    def high(self) -> Fraction:
        """Highest figure that could be printed so."""
        return self.value + self.slack


@dataclass(frozen=True)
class Scale:
    """Scores that one respondent can give: `minimum`, `minimum + step`, ..., `maximum`."""

    minimum: Fraction
    maximum: Fraction
    step: Fraction

    @property
    def steps(self) -> int:
        """How many steps lead from the lowest score to the highest; the scale has them whole."""
        return int((self.maximum - self.minimum) / self.step)


@dataclass(frozen=True)
class Figure:
    """One row of the file.

    `row` is the spreadsheet row. `printed` is None where the report leaves the place open. `n`
    holds every number of respondents that the figure may rest on. `numerator` is what n divides: a
    sum of answers, a count, or for a net score the count for minus the count against. `minimum`,
    `maximum` and `step` are of one respondent's score, None where they are not known; a count has
    none. `part_of` is the folded `name` of another figure or `EVERYBODY`.
    """

    row: int
    name: str
    source: str
    label: str
    kind: Kind
    printed: Printed | None
    n: tuple[int, ...]
    numerator: Fraction | None
    minimum: Fraction | None
    maximum: Fraction | None
    step: Fraction | None
    weighted: bool
    part_of: str
    group: str
    role: Role | None
    same_as: str

    @property
    def scale(self) -> Scale | None:
        """The scores behind the figure, None for a count and where something is not known."""
        if self.minimum is None or self.maximum is None or self.step is None:
            return None
        return Scale(self.minimum, self.maximum, self.step)

    @property
    def off_scale(self) -> bool:
        """Whether no rounding brings the printed figure back on its scale."""
        if self.printed is None:
            return False
        below = self.minimum is not None and self.printed.high < self.minimum
        return below or (self.maximum is not None and self.printed.low > self.maximum)

    @property
    def factor(self) -> int:
        """What one in the numerator adds to the sum of scores."""
        return 1 if self.kind in (Kind.MEAN, Kind.COUNT) else 100

    @property
    def subject(self) -> str:
        """What the figure is about, in the words of the file."""
        return self.label or self.name or self.kind


EVERYBODY = "100"
"""Stands in `part_of` for 100 % of the respondents, which no row has to print."""


@dataclass(frozen=True)
class Finding:
    """Something that cannot be right: at least one of `rows` (the first: the figure it shows in).

    `subject` and `source` are of that figure, in the words of the file. `why` says what contradicts
    `printed`, `instead` what would fit.
    """

    rule: str
    rows: tuple[int, ...]
    subject: str
    source: str
    printed: str
    why: str
    instead: str
