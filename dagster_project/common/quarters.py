"""Quarters and days as the Netherlands count them.

Belongs here: the two spellings of a quarter, `2020Q4` for people and `2020-10-01` (its first day)
for machines. Does not belong here: Dagster's partitions.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dagster_project.common.errors import UserError

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_LABEL = re.compile(r"(\d{4})Q([1-4])", re.IGNORECASE)


def today() -> date:
    """Return the date in the Netherlands, whatever the zone of the machine."""
    return datetime.now(AMSTERDAM).date()


def quarter_start(day: date) -> date:
    """First day of the quarter that `day` is in."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def quarter_end(start: date) -> date:
    """Last day of the quarter that starts on `start`."""
    return date.fromordinal(next_quarter(start).toordinal() - 1)


def next_quarter(start: date) -> date:
    """First day of the quarter after the one that starts on `start`."""
    return date(start.year + start.month // 10, (start.month + 2) % 12 + 1, 1)


def previous_quarter(start: date) -> date:
    """First day of the quarter before the one that starts on `start`."""
    return quarter_start(date.fromordinal(start.toordinal() - 1))


def latest_closed_quarter(on: date, release_day: int) -> date:
    """First day of the latest quarter that is due on `on`: closed from its release day on."""
    start = previous_quarter(quarter_start(on))
    return start if on >= next_quarter(start).replace(day=release_day) else previous_quarter(start)


def quarter_label(start: date) -> str:
    """Spell a quarter for people: 2020-10-01 is `2020Q4`."""
    return f"{start.year}Q{(start.month + 2) // 3}"


def parse_quarter(label: str) -> date:
    """First day of a quarter such as `2020Q4`.

    Raises:
        UserError: the text is not a quarter.

    """
    found = _LABEL.fullmatch(label.strip())
    if not found or int(found[1]) < 1:
        raise UserError(f"{label!r} is not a quarter; write it as 2020Q4")
    return date(int(found[1]), int(found[2]) * 3 - 2, 1)
