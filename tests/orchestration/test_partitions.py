"""Quarters: their two spellings, their edges in Dutch time, and when they are closed."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

import pytest

from dagster_project.codebook import load_codebook
from dagster_project.common import quarters
from dagster_project.common.errors import UserError
from dagster_project.common.quarters import (
    latest_closed_quarter,
    next_quarter,
    parse_quarter,
    previous_quarter,
    quarter_end,
    quarter_label,
    quarter_start,
)
from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.orchestration import partitions


@pytest.mark.parametrize(
    ("label", "start"),
    [("2020Q1", "2020-01-01"), ("2020Q4", "2020-10-01"), (" 2021q2 ", "2021-04-01")],
)
def test_a_quarter_is_spelled_for_people_and_for_machines(label: str, start: str) -> None:
    day = date.fromisoformat(start)
    assert parse_quarter(label) == day
    assert quarter_label(day) == label.strip().upper()


@pytest.mark.parametrize(
    "text", ["", "2020", "2020Q5", "2020Q0", "20Q1", "2020-Q1", "0000Q1", "2020Q11"]
)
def test_what_is_no_quarter_is_refused_by_name(text: str) -> None:
    with pytest.raises(UserError, match="is not a quarter; write it as 2020Q4"):
        parse_quarter(text)


def test_quarters_follow_one_another_over_the_turn_of_the_year() -> None:
    assert quarter_start(date(2020, 12, 31)) == date(2020, 10, 1)
    assert quarter_end(date(2020, 10, 1)) == date(2020, 12, 31)
    assert next_quarter(date(2020, 10, 1)) == date(2021, 1, 1)
    assert previous_quarter(date(2020, 1, 1)) == date(2019, 10, 1)


def test_a_quarter_is_closed_the_day_after_its_fieldwork() -> None:
    # the fourth quarter of 2020 ends on 31 December; fourteen days later is 14 January
    assert latest_closed_quarter(date(2021, 1, 14), 15) == date(2020, 7, 1)
    assert latest_closed_quarter(date(2021, 1, 15), 15) == date(2020, 10, 1)
    assert latest_closed_quarter(date(2021, 1, 1), 1) == date(2020, 10, 1)


def test_partitions_run_from_the_first_study_to_the_current_quarter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partitions, "today", lambda: date(2026, 11, 22))
    keys = partitions.quarterly(load_codebook(PROJECT_ROOT / "seeds")).get_partition_keys()
    assert keys[:5] == ["2010Q1", "2010Q2", "2010Q3", "2010Q4", "2011Q1"]
    assert keys[-1] == "2026Q4"
    assert len(keys) == 17 * 4


@pytest.mark.parametrize(
    ("moment", "last"),
    [("2020-03-31T21:59:59", "2020Q1"), ("2020-03-31T22:00:00", "2020Q2")],
)
def test_a_quarter_begins_at_midnight_in_amsterdam(
    moment: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromisoformat(f"{moment}+00:00").astimezone(tz)

    monkeypatch.setattr(quarters, "datetime", Clock)
    found = partitions.quarterly(load_codebook(PROJECT_ROOT / "seeds"))
    assert found.get_last_partition_key() == last
