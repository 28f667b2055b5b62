"""Random feeds, revised again and again as answers come late or are corrected: nothing may leak.

Every run attacks what it is about to publish, with all earlier vintages at hand, and publishes
nothing if it finds anything. `KTO_BATTERY=20` tries as many sets of feeds instead of one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
import small_feeds

from dagster_project.common.settings import Settings
from dagster_project.orchestration.pipeline import refresh
from dagster_project.release.order import Order
from dagster_project.release.vintages import KEY, read_index

SEEDS = range(int(os.environ.get("KTO_BATTERY", "0")) or 1)
REVISIONS = 2
MUNICIPALITIES = ("GM0637", "GM0363", "GM0518")
PRODUCTS = ("paspoort", "rijbewijs", "verhuismelding")
CHANNELS = ("counter", "telephone", "digital")
DAYS = ("2020-08-03", "2020-11-02")
STATEMENTS = ("gebruiksvriendelijk", "taal_duidelijk")
Row = dict[str, Any]


class Feeds:
    """The answers and invitations of three municipalities of unlike size."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.answers: dict[str, Row] = {}
        self.municipalities = self.rng.dirichlet([4, 2, 1])
        self.products = self.rng.dirichlet([4, 2, 1])

    def one_of(self, of: tuple[str, ...], p: Sequence[float] | None = None) -> str:
        return str(self.rng.choice(of, p=p))

    def score(self, least: int, most: int, missing: float = 0.08) -> str:
        here = self.rng.random() >= missing
        return str(self.rng.integers(least, most + 1)) if here else ""

    def answer(self, channel: str) -> Row:
        day = self.one_of(DAYS)
        row = {
            "gemeentecode": self.one_of(MUNICIPALITIES, self.municipalities),
            "product": self.one_of(PRODUCTS, self.products),
            "datum_contact": day,
            "datum_invul": day,
            "totaaloordeel": self.score(5, 10),
            "moeite": self.score(1, 5),
        }
        if channel == "digital":
            return row | {statement: self.score(1, 5) for statement in STATEMENTS}
        items = {item: self.score(5, 10, 0.3) for item in small_feeds.ITEMS}
        return row | items | {"wachttijd": self.score(4, 10), "in_een_keer": self.score(1, 3)}

    def arrive(self, count: int) -> dict[str, list[Row]]:
        """So many new answers, and an invitation for some of them; by feed."""
        arrived: dict[str, list[Row]] = {}
        for _ in range(count):
            channel = self.one_of(CHANNELS, [0.5, 0.2, 0.3])
            number = f"r{len(self.answers)}"
            row = {"respons_id": number} | self.answer(channel) | {"uitnodiging_id": ""}
            if self.rng.random() < 0.4:
                row["uitnodiging_id"] = f"u{number}"
                arrived.setdefault("invitations", []).append(
                    {
                        "uitnodiging_id": f"u{number}",
                        "gemeentecode": row["gemeentecode"],
                        "kanaal": channel,
                        "product": row["product"],
                        "methode": "inviter",
                        "verzonden_op": row["datum_contact"],
                        "status": "bezorgd",
                    }
                )
            self.answers[number] = row | {"channel": channel}
            arrived.setdefault(channel, []).append(row)
        return arrived

    def correct(self, count: int) -> dict[str, list[Row]]:
        """So many answers again, with another grade, product or quarter; by feed."""
        corrected: dict[str, list[Row]] = {}
        for number in self.rng.choice(list(self.answers), size=count, replace=False).tolist():
            old = self.answers[number]
            new = self.answer(old["channel"])
            fields = (("totaaloordeel",), ("product",), ("datum_contact", "datum_invul"))
            changed = fields[self.rng.integers(len(fields))]
            row = old | {field: new[field] for field in changed}
            self.answers[number] = row
            plain = {name: value for name, value in row.items() if name != "channel"}
            corrected.setdefault(old["channel"], []).append(plain)
        return corrected


def deliver(settings: Settings, rows: dict[str, list[Row]], name: str) -> None:
    frames = {feed: pl.DataFrame(of, infer_schema_length=None) for feed, of in rows.items()}
    small_feeds.deliver(settings, frames, name)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_leaks_in_any_vintage_of_random_feeds(settings: Settings, seed: int) -> None:
    feeds = Feeds(seed)
    deliver(settings, feeds.arrive(400), "2021-01-05")
    assert "none worked out" in refresh(settings).hidden[1]
    for revision in range(1, REVISIONS + 1):
        late = int(feeds.rng.integers(3, 30))
        deliver(settings, feeds.arrive(late), f"2021-02-{revision:02d} late")
        deliver(settings, feeds.correct(int(feeds.rng.integers(1, 10))), f"2021-03-{revision:02d}")
        every = tuple(read_index(settings).newest.select(KEY).iter_rows())
        outcome = refresh(settings, order=Order(revise=every, reason="late answers"))
        assert "none worked out" in outcome.hidden[1]
        newest = read_index(settings).newest
        assert set(newest["revision"]) == {revision}
