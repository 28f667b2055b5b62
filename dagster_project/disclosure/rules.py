"""What a study asks of its published figures, and the names that every step shares.

Belongs here: parameters and column names. Does not belong here: applying them.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE_GROUP = "responses"
"""The group that counts the respondents of a cell."""

CELL = (
    "study",
    "organisation_code",
    "period",
    "channel",
    "product_code",
    "segment",
    "segment_value",
)
"""The columns that name a cell."""

TOTAL = "all"
"""The value of a dimension that stands for all its other values together."""


@dataclass(frozen=True)
class Rules:
    """What protects the respondents of one study.

    `min_n`: the fewest respondents a published figure rests on. `width`: how far, as a share of
    the true number of respondents, an attacker's interval for a small cell reaches to either side
    (at least 1). `mean_share`: how far, as a share of the scale, his interval for its mean reaches
    to one side. `remainders`: whether what is left of a published total once its published parts
    are subtracted needs `min_n` respondents too. `protect_extreme_shares`: whether "nobody" and
    "everybody" of a hidden share count as recovered.
    """

    min_n: int = 10
    width: float = 0.2
    mean_share: float = 0.05
    remainders: bool = True
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
