"""Dates and times: the Dutch clock decides on which day something happened."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from landing_house import House, among_good

FROM_2021 = "counter/20220101.csv"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03-04-2021", date(2021, 4, 3)),
        ("3-4-2021", date(2021, 4, 3)),
        ("2021-04-03", date(2021, 4, 3)),
        ("2021-03-31T22:30Z", date(2021, 4, 1)),
        ("2021-03-31T22:30:00.000Z", date(2021, 4, 1)),
        ("2021-03-31T22:30:00+02:00", date(2021, 3, 31)),
        ("2021-03-31 22:30", date(2021, 3, 31)),
        ("31-03-2021 22:30:59", date(2021, 3, 31)),
        ("2021-12-31T23:30:00+0000", None),
    ],
)
def test_the_day_of_a_contact(house: House, text: str, day: date | None):
    house.deliver(among_good({"datum_contact": text, "datum_invul": "05-01-2022"}), FROM_2021)

    found = {row["row"]: row["contact_date"] for row in house.rows("responses")}
    assert found.get(2) == (day or date(2022, 1, 1))


@pytest.mark.parametrize(
    "text",
    [
        *("2021-02-29", "13-13-2021", "2021-04-03T25:00", "03/04/2021", "21-04-03", "44000"),
        # digits of another script, in the day, in the fraction and in the zone
        *("2021-04-0\u0663", "2021-04-03T10:00:00.\u0663", "2021-04-03T10:00+0\u0662:00"),
    ],
)
def test_what_is_no_date(house: House, text: str):
    house.deliver(among_good({"datum_contact": text}), FROM_2021)

    assert house.reasons() == {2: ["bad_type"]}


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-23:59", "9999-12-31", "0000-01-01"])
def test_an_instant_outside_the_calendar_is_no_time(house: House, text: str):
    house.deliver(among_good({"datum_invul": text}), FROM_2021)

    assert house.reasons() == {2: ["bad_type"]}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-01-15 12:00", datetime(2021, 1, 15, 11, tzinfo=UTC)),
        ("2021-07-15 12:00", datetime(2021, 7, 15, 10, tzinfo=UTC)),
        ("2021-10-31 02:30", datetime(2021, 10, 31, 0, 30, tzinfo=UTC)),
        ("2021-10-31T02:30:00+01:00", datetime(2021, 10, 31, 1, 30, tzinfo=UTC)),
        ("2021-07-15", datetime(2021, 7, 14, 22, tzinfo=UTC)),
        ("2021-07-15 12:00:00,250", datetime(2021, 7, 15, 10, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_local_times_become_instants_and_a_double_hour_is_its_first(
    house: House, text: str, moment: datetime
):
    house.deliver(among_good({"datum_contact": "01-01-2021", "datum_invul": text}), FROM_2021)

    assert house.rows("responses")[0]["submitted_at"] == moment


def test_a_time_that_the_clock_skips_is_no_time(house: House):
    house.deliver(
        among_good({"datum_contact": "2021-03-28 02:30", "datum_invul": "29-03-2021"}), FROM_2021
    )

    assert house.reasons() == {2: ["bad_type"]}


@pytest.mark.parametrize(
    ("contact", "submitted", "accepted"),
    [
        ("2021-05-01 12:00", "2021-05-01", True),
        ("2021-05-01", "2021-05-01 00:10", True),
        ("2021-05-01 12:00", "2021-05-01 11:59", False),
        ("2021-05-01 12:00", "2021-05-01 12:00", True),
        ("2021-05-01T12:00Z", "2021-05-01 13:59", False),
        ("2021-05-02", "2021-05-01 23:59", False),
    ],
)
def test_days_are_compared_when_either_has_no_time_of_day(
    house: House, contact: str, submitted: str, accepted: bool
):
    house.deliver(among_good({"datum_contact": contact, "datum_invul": submitted}), FROM_2021)

    assert house.reasons() == ({} if accepted else {2: ["submitted_before_contact"]})
