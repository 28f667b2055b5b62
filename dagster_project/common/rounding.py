"""Rounding as readers know it: half away from zero.

Belongs here: what pages and the demo's check share. Does not belong here: rounding in the marts,
which the models do in the same way (`value_rounded`).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def half_away(value: Decimal, decimals: int) -> Decimal:
    """Round to a number of decimals; 0.5 becomes 1, -0.5 becomes -1."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
