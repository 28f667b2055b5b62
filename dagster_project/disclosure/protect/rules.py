"""What a table asks of its published figures, and the names and tolerances all modules share.

Belongs here: parameters, column names, tolerances. Does not belong here: applying them.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE_GROUP = "responses"
"""The group that counts the respondents of a cell."""

TOTAL = "all"
"""The value of a dimension that stands for all its other values together."""

ADDITIVE = 1e-6
"""How far a total may differ from the sum of its parts, relative to the total (at least to 1)."""

SLACK = 1e-6
"""How far a figure may be from a bound, a goal or a whole number and still be taken to be there."""

SAME_SCORE = 1e-9
"""The relative variance of scores below which they are all the same."""


@dataclass(frozen=True)
class Layout:
    """The columns that name a cell: the one that says which table it is of, and its dimensions.

    Vintages of a table are values of the dimension `time`.
    """

    table: str = "study"
    dimensions: tuple[str, ...] = (
        "organisation_code",
        "period",
        "channel",
        "product_code",
        "segment",
    )
    time: str = "period"

    @property
    def cell(self) -> tuple[str, ...]:
        """All columns that name a cell."""
        return (self.table, *self.dimensions)


@dataclass(frozen=True)
class Rules:
    """What protects the respondents of one table.

    `min_n`: the fewest respondents a published figure rests on. `width`: how far, as a share of
    the true number of respondents, an attacker's interval for a small cell reaches to either side
    (at least 1). `mean_share`: how far, as a share of the scale, the interval for its mean reaches
    to one side. `unions`: whether every union of hidden cells that can be worked out has to hold
    `min_n` respondents, what is left of a published total among them; without it only single
    cells are protected, the classic problem. `protect_extreme_shares`: whether "none" and "all" of
    a hidden share count as recovered.
    """

    min_n: int = 10
    width: float = 0.2
    mean_share: float = 0.05
    unions: bool = True
    protect_extreme_shares: bool = False

    def __post_init__(self) -> None:
        if self.min_n < 1:
            raise ValueError(f"min_n is {self.min_n}; at least 1 is needed")
        if not (self.width >= 0 and 0 <= self.mean_share < 1):
            raise ValueError("width must be at least 0, and mean_share from 0 to below 1")

    def reach(self, n: int) -> int:
        """Respondents by which the interval for a small cell of n must miss n to either side."""
        # the tiny term keeps 0.2 * 5 = 1.0000000000000002 from being rounded up to 2
        return max(1, -int(-(self.width * n - 1e-9) // 1))
