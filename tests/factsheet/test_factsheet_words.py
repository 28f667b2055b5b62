"""Numbers, days and periods as they are written, and that no text is missing."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.factsheet import words as module
from dagster_project.factsheet.words import FILE, words

PACKAGE = Path(module.__file__).parent


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "dutch", "english"),
    [
        (8.25, 1, False, "8,3", "8.3"),
        (-0.05, 1, False, "\u22120,1", "\u22120.1"),
        (0.05, 1, True, "+0,1", "+0.1"),
        (0.04, 1, True, "0,0", "0.0"),
        (56.5, 0, False, "57", "57"),
        (1234567, 0, False, "1\u202f234\u202f567", "1\u202f234\u202f567"),
        (2.4999996, 0, False, "3", "3"),
    ],
)
def test_rounds_half_away_from_zero_after_six_decimals(
    value: float, decimals: int, signed: bool, dutch: str, english: str
) -> None:
    assert words("nl").number(value, decimals, signed=signed) == dutch
    assert words("en").number(value, decimals, signed=signed) == english


def test_writes_days_and_periods_in_words() -> None:
    assert words("nl").day(date(2021, 3, 5)) == "5 maart 2021"
    assert words("en").day(date(2021, 3, 5)) == "5 March 2021"
    assert words("nl").period("2020Q4") == "4e kwartaal 2020"
    assert words("en").period("2020") == "2020"


def test_there_are_two_languages() -> None:
    with pytest.raises(ValueError, match="choose nl or en"):
        words("de")


def test_every_text_is_there_in_both_languages_with_the_same_gaps() -> None:
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["key"] for row in rows}) == len(rows)
    for row in rows:
        assert row["nl"]
        assert row["en"]
        gaps = [sorted(re.findall(r"{\w+}", row[language])) for language in ("nl", "en")]
        assert gaps[0] == gaps[1], row["key"]


def test_every_text_is_used_somewhere() -> None:
    sources = [*PACKAGE.glob("*.py"), *(PACKAGE / "templates").glob("*.html")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    # these are put together from values of the codebook or of a mart
    made = r"(family|population|benchmark_rule)_\w+|always_published|enough_\w+|too_few_answers"
    made += r"|high_priority|low_priority|strength|maintain"
    unused = [
        key
        for key in words("nl").texts
        if not re.search(rf"['\"]{key}['\"]", code) and not re.fullmatch(made, key)
    ]
    assert unused == []


def test_quadrants_are_called_on_pages_as_in_their_dimension() -> None:
    model = PROJECT_ROOT / "dbt_project" / "models" / "marts" / "dim_quadrant.sql"
    rows = re.findall(r"\('(\w+)', '([^']+)', '([^']+)', \d\)", model.read_text("utf-8"))
    assert len(rows) == 4
    for quadrant, dutch, english in rows:
        shown = (words("nl")(quadrant), words("en")(quadrant))
        assert shown == (dutch.lower(), english.lower())
