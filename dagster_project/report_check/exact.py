"""Exact numbers as text.

Belongs here: rounding and showing. Does not belong here: what a number means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import count, islice, pairwise

MOST_DECIMALS = 8
MOST_SHOWN = 3


def rounded(value: Fraction, decimals: int) -> str:
    """Round half away from zero, as the project's marts do: 22.745 -> `22.7`."""
    scaled = abs(value) * 10**decimals
    digits = int(scaled + Fraction(1, 2))
    whole, rest = divmod(digits, 10**decimals)
    sign = "-" if value < 0 and digits else ""
    return f"{sign}{whole}.{rest:0{decimals}}" if decimals else f"{sign}{whole}"


def closer(value: Fraction, decimals: int) -> str:
    """Show a number with at least one decimal more, and enough to see which way it rounds.

    22.745 with no decimals is `22.7`; 22.46 is `22.46`, as `22.5` would seem to round to 23.
    """
    texts = (rounded(value, more) for more in count(decimals + 1))
    return next(
        text for text in texts if rounded(Fraction(text), decimals) == rounded(value, decimals)
    )


def plain(value: Fraction) -> str:
    """Show a number without zeros at the end: 67, 67.5; a third as `1/3`."""
    for decimals in range(MOST_DECIMALS):
        if (value * 10**decimals).denominator == 1:
            return rounded(value, decimals)
    return str(value)


def between(low: Fraction, high: Fraction, decimals: int) -> str:
    """Show what numbers from `low` to `high` would be printed as: `69 to 71`, or one number."""
    first, last = rounded(low, decimals), rounded(high, decimals)
    return first if first == last else f"{first} to {last}"


def few(texts: Iterable[str], joint: str = "; ") -> str:
    """Join the first `MOST_SHOWN` texts, and say that there are more."""
    first = list(islice(texts, MOST_SHOWN + 1))
    return joint.join([*first[:MOST_SHOWN], *(["..."] if len(first) > MOST_SHOWN else [])])


def spans(numbers: Iterable[int]) -> str:
    """List whole numbers in order, neighbours as a span: `3-11, 45`."""
    ordered = sorted(set(numbers))
    if not ordered:
        return ""
    breaks = [place for place, (one, two) in enumerate(pairwise(ordered), 1) if two - one > 1]
    pieces = [
        ordered[start:end] for start, end in zip([0, *breaks], [*breaks, len(ordered)], strict=True)
    ]
    return ", ".join(_span(piece) for piece in pieces)


def _span(piece: Sequence[int]) -> str:
    return str(piece[0]) if len(piece) == 1 else f"{piece[0]}-{piece[-1]}"
