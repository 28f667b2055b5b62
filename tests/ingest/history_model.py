"""What must be known of deliveries after any history of a landing, worked out without the product.

Belongs here: rows and files as the histories make them, and what becomes of them by the docs. Does
not belong here: anything of `dagster_project`; if both were wrong in one way, nobody would notice.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from zoneinfo import ZoneInfo

import polars as pl

FEEDS = ("counter", "telephone", "invitations")
COUNTS_BY = "telephone"
"""The feed of which only rows of which the status is `klaar` count."""
HEADERS = {
    "number": "respons_id",
    "place": "gemeentecode",
    "product": "product",
    "day": "datum_contact",
    "filled_in": "datum_invul",
    "grade": "totaaloordeel",
    "text": "toelichting",
    "status": "Status",
    "remark": "intern",
}
LATER = "2021-02-15"
NEW_PRODUCT = "vliegbrevet"
FAULTS = {
    "grade": {"11": "out_of_range", "acht": "bad_type"},
    "number": {"": "missing_required", "a@b.nl": "bad_type"},
    "place": {"GM9999": "unknown_organisation"},
}
ALSO_REQUIRED = ("place", "product", "day", "filled_in")
MOST_BAD = 20


@dataclass(frozen=True)
class Row:
    """One row of a file; `remark` stands in a column that no feed has."""

    number: str
    grade: str = "8"
    text: str = ""
    place: str = "GM0637"
    product: str = "paspoort"
    day: str = "2020-10-01"
    filled_in: str = "2021-12-01"
    status: str = "klaar"
    remark: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.place, self.number

    @property
    def is_blank(self) -> bool:
        return not any(getattr(self, name) for name in HEADERS)

    @property
    def answer(self) -> tuple[str, ...]:
        """All that its feed asks for."""
        return tuple(getattr(self, name) for name in HEADERS if name not in {"status", "remark"})


BLANK = Row(*[""] * 9)


@dataclass(frozen=True)
class Content:
    """What a file holds: rows in a format, or bytes that cannot be read (`form` is `broken`)."""

    form: str
    rows: tuple[Row, ...]

    @cached_property
    def bytes(self) -> bytes:
        if self.form == "broken":
            return b"\xff\xfe" + repr(self.rows).encode()
        names = list(HEADERS.values())
        lines = [[getattr(row, name) for name in HEADERS] for row in self.rows]
        if self.form == "csv":
            return "".join(";".join(line) + "\n" for line in [names, *lines]).encode()
        frame = pl.DataFrame(lines, schema=dict.fromkeys(names, pl.String), orient="row")
        content = io.BytesIO()
        frame.write_parquet(content)
        return content.getvalue()

    @cached_property
    def sha256(self) -> str:
        return sha256(self.bytes).hexdigest()


@dataclass(frozen=True)
class Landed:
    """A file in landing, with when it was changed."""

    content: Content
    modified: datetime


@dataclass(frozen=True)
class Taken:
    """What is known of a delivery that was taken in; rows by their number, as in a spreadsheet."""

    feed: str
    file: str
    sha256: str
    received: datetime
    knows_product: bool
    state: str = "rejected"
    accepted: dict[int, Row] = field(default_factory=dict)
    bad: dict[int, tuple[str, ...]] = field(default_factory=dict)
    left_out: int = 0

    @property
    def reasons(self) -> dict[str, int]:
        return dict(Counter(reason for reasons in self.bad.values() for reason in set(reasons)))

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Read, accepted, quarantined, left out."""
        accepted, bad = len(self.accepted), len(self.bad)
        return accepted + bad, accepted, bad, self.left_out


def feed_of(path: str) -> str | None:
    """Give the feed that a path below landing belongs to."""
    return feed if (feed := path.split("/", maxsplit=1)[0]) in FEEDS else None


def suffix_of(path: str) -> str:
    return path[path.rindex(".") :]


@dataclass
class Model:
    """A landing, and the deliveries that were ever taken in from it, by feed and hash."""

    landing: dict[str, Landed] = field(default_factory=dict)
    taken: dict[tuple[str, str], Taken] = field(default_factory=dict)
    knows_product: bool = False

    def deliveries(self, feed: str) -> Iterator[tuple[str, Landed]]:
        """Whole files of a feed by path; of those with the same bytes the first."""
        seen = set()
        for path, landed in sorted(self.landing.items()):
            is_whole = suffix_of(path) != ".part"
            if feed_of(path) == feed and is_whole and landed.content.sha256 not in seen:
                seen.add(landed.content.sha256)
                yield path, landed

    @property
    def feeds(self) -> list[str]:
        """Feeds that there are files of."""
        return [feed for feed in FEEDS if any(feed_of(path) == feed for path in self.landing)]

    @property
    def misplaced(self) -> set[str]:
        return {p for p in self.landing if feed_of(p) is None and suffix_of(p) != ".part"}

    @property
    def waiting(self) -> set[str]:
        return {p for p in self.landing if feed_of(p) is not None and suffix_of(p) == ".part"}

    def to_judge(self, feed: str) -> list[str]:
        """Hashes of what the next run judges, in its order."""
        return [
            landed.content.sha256
            for path, landed in self.deliveries(feed)
            if self._is_due(self.taken.get((feed, landed.content.sha256)), path)
        ]

    def _is_due(self, earlier: Taken | None, path: str) -> bool:
        if earlier is None or earlier.knows_product != self.knows_product:
            return True
        return earlier.state == "rejected" and suffix_of(earlier.file) != suffix_of(path)

    def take_in(self, feed: str) -> None:
        due = set(self.to_judge(feed))
        for path, landed in self.deliveries(feed):
            key = (feed, landed.content.sha256)
            if key[1] in due:
                earlier = self.taken.get(key)
                received = earlier.received if earlier else received_at(path, landed.modified)
                self.taken[key] = judged(
                    Taken(feed, path, key[1], received, self.knows_product), landed.content
                )

    def refused(self) -> set[tuple[str, str]]:
        """Feed and file of what was refused, still lies in landing and was not replaced there."""
        there = {
            (feed, landed.content.sha256) for feed in FEEDS for _, landed in self.deliveries(feed)
        }
        found = set()
        for key, delivery in self.taken.items():
            now = self.landing.get(delivery.file)
            replaced = now is not None and now.content.sha256 != delivery.sha256
            if delivery.state == "rejected" and key in there and not replaced:
                found.add((delivery.feed, delivery.file))
        return found

    def current(self, feed: str) -> dict[tuple[str, str], Row]:
        """Give the newest row of each respondent; of two that came at once, by hash."""
        found: dict[tuple[str, str], Row] = {}
        deliveries = [d for d in self.taken.values() if d.feed == feed]
        for delivery in sorted(deliveries, key=lambda d: (d.received, d.sha256)):
            found |= {row.key: row for row in delivery.accepted.values()}
        return found


def received_at(path: str, modified: datetime) -> datetime:
    """Give the day's start in Amsterdam for a date in the name; else when it was changed."""
    if found := re.match(r"(\d{4})(\d\d)(\d\d) ", path.rsplit("/", maxsplit=1)[-1]):
        year, month, day = map(int, found.groups())
        return datetime(year, month, day, tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC)
    return modified


def judged(delivery: Taken, content: Content) -> Taken:
    """Say what becomes of each row."""
    readable = delivery.feed != "invitations" and content.form == suffix_of(delivery.file)[1:]
    if not readable:
        return delivery
    numbered = {n: row for n, row in enumerate(content.rows, start=2) if not row.is_blank}
    counting = {n: row for n, row in numbered.items() if counts(row, delivery.feed)}
    bad = {n: reasons for n, row in counting.items() if (reasons := faults(row, delivery))}
    for number in twice(counting):
        bad[number] = (*bad.get(number, ()), "duplicate_in_delivery")
    found = replace(delivery, left_out=len(numbered) - len(counting))
    if len(bad) * 100 > MOST_BAD * len(counting):
        return replace(found, bad={n: bad.get(n, ("delivery_rejected",)) for n in counting})
    accepted = {n: row for n, row in counting.items() if n not in bad}
    return replace(found, state="accepted", accepted=accepted, bad=bad)


def counts(row: Row, feed: str) -> bool:
    return feed != COUNTS_BY or row.status == "klaar"


def faults(row: Row, delivery: Taken) -> tuple[str, ...]:
    """Give every reason to refuse a row by itself."""
    found = [
        reasons[getattr(row, name)]
        for name, reasons in FAULTS.items()
        if getattr(row, name) in reasons
    ]
    found += ["missing_required"] * sum(not getattr(row, name) for name in ALSO_REQUIRED)
    if row.product == NEW_PRODUCT and not delivery.knows_product:
        found.append("unknown_product")
    came_on = delivery.received.astimezone(ZoneInfo("Europe/Amsterdam")).date().isoformat()
    if row.day > came_on:
        found.append("contact_in_future")
    return tuple(found)


def twice(rows: dict[int, Row]) -> set[int]:
    """Rows of one respondent: all but the first if they are alike, all of them if not."""
    found: set[int] = set()
    for key in {row.key for row in rows.values() if all(row.key)}:
        numbers = [n for n, row in rows.items() if row.key == key]
        alike = len({rows[n].answer for n in numbers}) == 1
        found |= set(numbers[1:] if alike else numbers if len(numbers) > 1 else [])
    return found


def days_after(number: int) -> datetime:
    """When a file without a date in its name was changed."""
    return datetime(2021, 2, 10, 12, tzinfo=UTC) + timedelta(days=number)


def filler(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Good rows by which a few bad ones are no fifth of the file."""
    return (*rows, *(Row(f"f{number}") for number in range(5 * len(rows) + 5)))
