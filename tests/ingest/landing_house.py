"""A landing and a lake in a temporary folder, and files that the tests fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.progress import Progress, silent
from dagster_project.common.settings import Settings
from dagster_project.ingest import Delivery, FeedResult, ingest_feed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOOD = {
    "respons_id": "1",
    "gemeentecode": "GM0637",
    "product": "paspoort",
    "datum_contact": "01-10-2020",
    "datum_invul": "02-10-2020",
    "totaaloordeel": "8",
}
"""A row of the feed `counter` that is accepted; files named 20210105... came long after it."""


@dataclass
class House:
    """One installation under a temporary folder."""

    settings: Settings
    codebook: Codebook

    def land(self, name: str, content: bytes | str) -> Path:
        """Put a file below landing."""
        path = self.settings.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ingest(self, feed: str = "counter", progress: Progress = silent) -> FeedResult:
        """Bring the feed up to date."""
        return ingest_feed(self.settings, self.codebook, feed, progress, NOW)

    def deliver(self, content: bytes | str, name: str = "counter/20210105.csv") -> Delivery:
        """Land one file and judge it."""
        self.land(name, content)
        feed = name.split("/", maxsplit=1)[0]
        found = [d for d in self.ingest(feed).deliveries if d.file == name]
        return found[0]

    def rows(self, room: str, feed: str = "counter") -> list[dict[str, Any]]:
        """All rows of a feed in one room of the lake, by row number."""
        files = sorted((self.settings.lake / room / feed).glob("*.parquet"))
        return [row for file in files for row in pl.read_parquet(file).to_dicts()]

    def reasons(self, feed: str = "counter") -> dict[int, list[str]]:
        """Reasons by row number."""
        return {row["row"]: row["reasons"] for row in self.rows("quarantine", feed)}


def csv_of(rows: Sequence[Mapping[str, str]], delimiter: str = ";") -> str:
    """A CSV with the columns of the first row."""
    header = list(rows[0])
    lines = [header, *[[row.get(name, "") for name in header] for row in rows]]
    return "".join(delimiter.join(line) + "\n" for line in lines)


def among_good(*changes: Mapping[str, str]) -> str:
    """Rows 2, 3, ... with these changes, then ten good rows for every one, so that few are bad."""
    columns = {name: "" for change in changes for name in change} | GOOD
    changed = [
        columns | {"respons_id": f"x{number}"} | change for number, change in enumerate(changes)
    ]
    good = [columns | {"respons_id": f"good{n}"} for n in range(10 * len(changes))]
    return csv_of([*changed, *good])
