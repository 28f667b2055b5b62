"""The demo's own data files, read into typed rows.

Belongs here: reading `*.csv` beside this module and the headers of the codebook. Does not belong
here: drawing respondents or writing deliveries.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np

from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.demo.shapes import (
    Block,
    Delivery,
    Exact,
    Question,
    Row,
    counts_in,
    pairs_in,
    place_of,
    question_in,
    samples_in,
)

HERE = Path(__file__).resolve().parent
SEEDS = PROJECT_ROOT / "seeds"
EVERYBODY = "*"


class DemoTables:
    """Every table of the demo, and the codebook's feeds and headers.

    Raises:
        KeyError: a table lacks a row that another table refers to.

    """

    def __init__(self, folder: Path = HERE, seeds: Path = SEEDS) -> None:
        self.folder = folder
        self._tables: dict[str, list[Row]] = {}
        self.settings = {row["name"]: row["value"] for row in self.rows("settings")}
        self.organisations = {r["organisation_code"]: r for r in self.rows("organisations")}
        self.demo_feeds = {row["feed"]: row for row in self.rows("feeds")}
        self.feeds = {row["feed"]: row for row in _read(seeds / "feeds.csv")}
        self._columns = _read(seeds / "columns.csv")

    def rows(self, table: str) -> list[Row]:
        """Return the rows of one demo table, every value as text."""
        if table not in self._tables:
            self._tables[table] = _read(self.folder / f"{table}.csv")
        return self._tables[table]

    def number_of(self, feed: str) -> int:
        """Return a small number that tells the demo's response feeds apart."""
        return list(self.demo_feeds).index(feed) + 1

    def headers_of(self, feed: str) -> dict[str, str]:
        """Return field -> header in the codebook's order; of aliases the first."""
        headers: dict[str, str] = {}
        for row in self._columns:
            if row["feed"] == feed:
                headers.setdefault(row["field"], row["header"])
        return headers

    def study_of(self, feed: str) -> str:
        """Return the study that a feed belongs to."""
        return self.feeds[feed]["study"]

    def choices(self, feed: str, purpose: str, organisation: str = "") -> list[Row]:
        """Return the rows of `choices.csv` for a feed's study and one purpose.

        Those of the organisation, or where it has none those of all.
        """
        study = self.study_of(feed)
        rows = [r for r in self._choices if (r["study"], r["purpose"]) == (study, purpose)]
        own = [r for r in rows if r["organisation_code"] == organisation]
        return own or [r for r in rows if not r["organisation_code"]]

    @cached_property
    def _choices(self) -> list[Row]:
        return self.rows("choices")

    @cached_property
    def blocks(self) -> list[Block]:
        """`volumes.csv` with its samples; the columns after `responses` count remarks by role.

        Raises:
            ValueError: the samples of a block have other responses in all than the block.

        """
        samples = samples_in(self.rows("samples"))
        blocks = [
            Block(
                row["feed"],
                row["organisation_code"],
                int(row["year"]),
                int(row["responses"]),
                counts_in(row, "responses"),
                tuple(samples.get(place_of(row), ())),
            )
            for row in self.rows("volumes")
        ]
        for block in blocks:
            found = sum(sample.responses for sample in block.samples)
            if block.samples and found != block.responses:
                raise ValueError(
                    f"samples.csv has {found} responses of {block.feed} {block.organisation} "
                    f"{block.year} and volumes.csv {block.responses}"
                )
        return blocks

    def window(self, block: Block) -> tuple[np.datetime64, np.datetime64] | None:
        """First and last day of a wave's fieldwork; None for a feed that never stops."""
        days = self.demo_feeds[block.feed]["window"]
        if not days:
            return None
        first, last = (np.datetime64(f"{block.year}-{day}") for day in days.split("|"))
        return first, last

    @cached_property
    def questions(self) -> dict[str, list[Question]]:
        """`questions.csv` by feed, in file order."""
        by_feed: dict[str, list[Question]] = {}
        for row in self.rows("questions"):
            by_feed.setdefault(row["feed"], []).append(question_in(row))
        return by_feed

    def target(self, block: Block, question: Question) -> float | None:
        """Mean or share (percent) the block must show; None leaves the drawn answers alone.

        A row for the organisation and year wins over one for the organisation, and that over the
        blank one, to which the organisation's lean and the question's trend are added.
        """
        for organisation, year in (
            (block.organisation, str(block.year)),
            (block.organisation, ""),
            ("", ""),
        ):
            found = self._targets.get((block.feed, question.name, organisation, year))
            if found is not None:
                break
        else:
            return None
        if not year:
            found += question.trend * (block.year - self._last_years[block.feed])
        if not organisation:
            found += question.lean_size * float(self.organisations[block.organisation]["lean"])
        return found

    @cached_property
    def _targets(self) -> dict[tuple[str, str, str, str], float]:
        return {
            (r["feed"], r["question"], r["organisation_code"], r["year"]): float(r["target"])
            for r in self.rows("targets")
        }

    @cached_property
    def _last_years(self) -> dict[str, int]:
        return {
            feed: max(block.year for block in self.blocks if block.feed == feed)
            for feed in self.demo_feeds
        }

    def exact(self, block: Block, question: Question) -> list[Exact]:
        """Return the rows of `counts.csv` for one question of a block."""
        return self._exact.get((block.feed, block.organisation, str(block.year), question.name), [])

    @cached_property
    def _exact(self) -> dict[tuple[str, str, str, str], list[Exact]]:
        found: dict[tuple[str, str, str, str], list[Exact]] = {}
        for row in self.rows("counts"):
            exact = Exact(
                row["product_code"],
                int(row["among"]) if row["among"] else None,
                dict(pairs_in(row["where"])),
                {code: int(count) for code, count in pairs_in(row["counts"])},
            )
            found.setdefault((*place_of(row), row["question"]), []).append(exact)
        return found

    def deliveries(self, feed: str, year: int) -> list[Delivery]:
        """Files of one feed and year, the most specific row of `deliveries.csv` for each."""
        best: dict[tuple[int, str], Row] = {}
        for row in self.rows("deliveries"):
            if row["feed"] == feed and row["year"] in ("", str(year)):
                for quarter in [int(row["quarter"])] if row["quarter"] else range(1, 5):
                    key = (quarter, row["group"])
                    if key not in best or row["quarter"]:
                        best[key] = row
        return [
            self._delivery(feed, year, quarter, row) for (quarter, _), row in sorted(best.items())
        ]

    def _delivery(self, feed: str, year: int, quarter: int, row: Row) -> Delivery:
        ended = date(year + quarter // 4, quarter % 4 * 3 + 1, 1) - timedelta(days=1)
        received = ended + timedelta(days=int(self.settings["delivered_after_days"]))
        file = row["name"].format(date=received.isoformat(), quarter=quarter, group=row["group"])
        return Delivery(feed, year, quarter, row["group"], received, f"{year}/{file}", row)


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))
