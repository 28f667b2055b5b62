"""The numbers that answers on a scale can be, in order, without listing a fine scale out.

Belongs here: arithmetic on one scale, exact in decimals. Does not belong here: bands or metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dagster_project.codebook.model import Scale, ScaleValue


@dataclass(frozen=True)
class Grid:
    """Possible answers as whole multiples of 10^-`decimals`, ascending and without repeats."""

    points: Sequence[int]
    decimals: int

    def place(self, value: float) -> int | None:
        """Tell the how-manieth answer this is, from 0; None when it is no answer of the scale."""
        scaled = Decimal(str(value)).scaleb(self.decimals)
        point = int(scaled)
        return self.points.index(point) if point == scaled and point in self.points else None

    def shown(self, place: int) -> str:
        """Write the answer at a place as in the codebook."""
        return f"{float(Decimal(self.points[place]).scaleb(-self.decimals)):g}"

    def span(self, first: int, last: int) -> str:
        """Write a stretch of answers, or the only one in it."""
        if first == last:
            return f"answer {self.shown(first)} has"
        return f"answers {self.shown(first)} to {self.shown(last)} have"

    @property
    def ends(self) -> tuple[str, str]:
        """The lowest and the highest answer."""
        return self.shown(0), self.shown(-1)


def grid_of(scale: Scale, values: Sequence[ScaleValue]) -> Grid | None:
    """Make the grid of a scale; None when it has no numbers, or its own rows are not in order."""
    if scale.kind == "number":
        if scale.minimum is None or scale.maximum is None or scale.decimals is None:
            return None
        low = Decimal(str(scale.minimum)).scaleb(scale.decimals)
        high = Decimal(str(scale.maximum)).scaleb(scale.decimals)
        if low >= high or low != int(low) or high != int(high):
            return None
        return Grid(range(int(low), int(high) + 1), scale.decimals)
    numbers = {Decimal(str(value.number)) for value in values if value.number is not None}
    if not numbers:
        return None
    decimals = max(0, *(-int(number.normalize().as_tuple().exponent) for number in numbers))
    return Grid(tuple(sorted(int(number.scaleb(decimals)) for number in numbers)), decimals)
