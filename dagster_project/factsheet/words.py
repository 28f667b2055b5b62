"""The words around the figures, in Dutch and English, and how numbers and days are written.

Belongs here: texts of pages, number formats. Does not belong here: labels of the codebook.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from dagster_project.common.rounding import half_away

LANGUAGES = ("nl", "en")
FILE = Path(__file__).with_name("words.csv")
MONTHS = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "en": "January February March April May June July August September October November December",
}
CAST = 6
"""Decimals to which values are cast before they are rounded, as `value_rounded` is."""
MINUS, NARROW = "\u2212", "\u202f"


@dataclass(frozen=True)
class Words:
    """Texts and formats of one language, `nl` or `en`."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **filled: object) -> str:
        """Return a text with its gaps filled in; a key that is unknown is a KeyError."""
        return self.texts[key].format(**filled)

    def label(self, row: object) -> str:
        """Return the label of a row of the codebook."""
        return str(getattr(row, f"label_{self.language}"))

    def definition(self, row: object) -> str:
        """Return the definition of a metric."""
        return str(getattr(row, f"definition_{self.language}"))

    def number(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Write a number, rounded half away from zero; thousands apart, a sign if asked."""
        rounded = half_away(half_away(Decimal(repr(float(value))), CAST), decimals)
        text = f"{abs(rounded):,.{decimals}f}".replace(",", NARROW)
        if self.language == "nl":
            text = text.replace(".", ",")
        if rounded < 0:
            return f"{MINUS}{text}"
        return f"+{text}" if signed and rounded > 0 else text

    def day(self, day: date) -> str:
        """Write a day as 3 maart 2021."""
        return f"{day.day} {MONTHS[self.language].split()[day.month - 1]} {day.year}"

    def period(self, period: str) -> str:
        """Write a period (2020, 2020Q4) in words."""
        year, _, number = period.partition("Q")
        return (
            self("quarter", year=year, number=number) if number else self("whole_year", year=year)
        )


@cache
def words(language: str) -> Words:
    """Read the words of a language.

    Raises:
        ValueError: there are no words in that language.

    """
    if language not in LANGUAGES:
        raise ValueError(f"there are no pages in {language!r}; choose nl or en")
    with FILE.open(encoding="utf-8", newline="") as file:
        return Words(language, {row["key"]: row[language] for row in csv.DictReader(file)})
