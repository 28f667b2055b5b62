"""Lines about periods: one for each that stands alone, one for all that stand alike."""

from __future__ import annotations

from datetime import date

import polars as pl

from dagster_project.release import told
from dagster_project.release.states import STATES


def periods(*rows: tuple[str, str, str, str | None]) -> pl.DataFrame:
    """Rows of organisation, period, state and why it is held."""
    return pl.DataFrame(
        [
            {
                "study": "s",
                "organisation_code": organisation,
                "period": period,
                "period_start": date(int(period[:4]), 1 if len(period) == 4 else 3, 1),
                "state": state,
                "is_released": state == "final",
                "is_built": True,
                "revision": 0,
                "held_because": why,
                "late": 0,
            }
            for organisation, period, state, why in rows
        ],
        schema=STATES,
    )


def test_organisations_that_stand_alike_are_counted_and_few_are_named() -> None:
    many = [(f"o{number:02d}", "2020Q4", "final", None) for number in range(12)]
    few = [(name, "2020Q3", "final", None) for name in "abc"]
    assert list(told.published_now(periods(*many, *few))) == [
        "published  s 2020Q3: a, b, c",
        "published  s 2020Q4: 12 organisations",
    ]


def test_periods_of_the_same_organisations_share_a_line() -> None:
    quarters = [f"{year}Q{quarter}" for year in (2019, 2020) for quarter in (1, 2, 3, 4)]
    two = periods(*(("a", one, "final", None) for one in quarters[:2]))
    assert list(told.published_now(two)) == ["published  s 2019Q1, 2019Q2: a"]
    eight = periods(*(("a", one, "final", None) for one in quarters))
    assert list(told.published_now(eight)) == ["published  s 8 periods from 2019Q1 to 2020Q4: a"]


def test_what_is_held_for_another_reason_has_a_line_of_its_own() -> None:
    rows = periods(
        ("a", "2020Q4", "held", "x.csv was refused"),
        ("b", "2020Q4", "held", "y.csv was refused"),
        ("c", "2020Q4", "open", None),
    )
    assert list(told.needs_somebody(rows)) == [
        "held       s 2020Q4: a: x.csv was refused",
        "held       s 2020Q4: b: y.csv was refused",
    ]
    assert list(told.open_periods(rows)) == ["open       s 2020Q4: c"]
