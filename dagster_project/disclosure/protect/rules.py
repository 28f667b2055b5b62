"""What a table asks of its published figures, and which columns name a cell.

Belongs here: parameters. Does not belong here: applying them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TOTAL = "all"
"""The value of a dimension that stands for all its other values together."""

SLACK = 1e-6
"""How far two figures may lie apart and count as the same."""


@dataclass(frozen=True)
class Layout:
    """Which columns name a cell.

    `table` tells tables apart that have nothing to do with each other; rules are per table. A cell
    has one value on each of `dimensions`, one of which is `time`: vintages of a table differ there.
    `base` is the group that counts the respondents.
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
    base: str = "responses"

    @property
    def cell(self) -> tuple[str, ...]:
        """The columns that name a cell."""
        return (self.table, *self.dimensions)


@dataclass(frozen=True)
class Rules:
    """What protects the respondents of one table.

    `min_n`: the fewest respondents a published figure rests on. `width`: how far, as a share of
    the true number of respondents, an attacker's interval for a small cell reaches to either side
    (at least 1). `mean_share`: how far, as a share of the scale, the interval for its mean reaches
    to one side. `unions`: whether no group of hidden leaves with fewer than `min_n` respondents may
    follow; without it only cells are protected, as in the classic cell suppression problem.
    `protect_extreme_shares`: whether "nobody" and "everybody" of a hidden share count as recovered.
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
