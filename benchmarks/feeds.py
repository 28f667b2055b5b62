"""Made-up feeds of hundreds of municipalities, as CSV files of any number of responses.

Belongs here: drawing answers and invitations and writing them. Does not belong here: measuring.

Every question of a feed has a column, answered by 92 in 100. Nothing in it is about anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.common.settings import PROJECT_ROOT

STUDY = "nvvb"
CHANNELS = {"counter": 0.6, "telephone": 0.15, "digital": 0.25}
"""Feeds, and their share of the responses."""
QUARTERS = ("2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01")
ITEM_RESPONSE = 0.92
AT_ONCE = 250_000
"""Rows that are drawn at a time."""
METHODS = ("inviter", "kaartje", "zuil")


def write_feeds(
    landing: Path, responses: int, invitations: int, organisations: int, seed: int
) -> None:
    """Write a file per feed; the same for the same arguments."""
    codebook, rng = load_codebook(PROJECT_ROOT / "seeds"), np.random.default_rng(seed)
    there = [one for one in codebook.organisations_of(STUDY) if one.valid_to is None]
    places = np.array([one.organisation_code for one in there][:organisations])
    sizes = rng.lognormal(0, 0.9, len(places))
    products = np.array([p.product_code for p in codebook.products if p.study == STUDY])
    tastes = rng.lognormal(0, 1.0, len(products))
    drawn = _Drawn(rng, places, sizes / sizes.sum(), products, tastes / tastes.sum())
    for feed, share in CHANNELS.items():
        parts = drawn.responses(codebook, feed, round(responses * share))
        _write(landing / feed / "2025-01-05.csv", parts)
    _write(landing / "invitations" / "2025-01-05.csv", drawn.invitations(invitations))


class _Drawn:
    """Draws rows: who, where, when and what."""

    def __init__(
        self,
        rng: np.random.Generator,
        places: np.ndarray,
        sizes: np.ndarray,
        products: np.ndarray,
        tastes: np.ndarray,
    ) -> None:
        self._rng = rng
        self._places, self._sizes = places, sizes
        self._products, self._tastes = products, tastes

    def responses(self, codebook: Codebook, feed: str, count: int) -> Iterator[pl.DataFrame]:
        """Draw the responses of a feed, some at a time."""
        questions = [
            (column.header, _answers(codebook, column.field))
            for column in codebook.columns_of(feed)
            if column.field in {q.question for q in codebook.questions if q.study == STUDY}
        ]
        for begun in range(0, count, AT_ONCE):
            size = min(AT_ONCE, count - begun)
            days = self._days(size)
            yield pl.DataFrame(
                {
                    "respons_id": [f"{feed}-{begun + number}" for number in range(size)],
                    "gemeentecode": self._rng.choice(self._places, size, p=self._sizes),
                    "product": self._rng.choice(self._products, size, p=self._tastes),
                    "datum_contact": days,
                    "datum_invul": days,
                    **{
                        header: np.where(
                            self._rng.random(size) < ITEM_RESPONSE,
                            self._rng.choice(texts, size, p=odds),
                            "",
                        )
                        for header, (texts, odds) in questions
                    },
                }
            )

    def invitations(self, count: int) -> Iterator[pl.DataFrame]:
        """Draw invitations, some at a time."""
        for begun in range(0, count, AT_ONCE):
            size = min(AT_ONCE, count - begun)
            yield pl.DataFrame(
                {
                    "uitnodiging_id": [f"u{begun + number}" for number in range(size)],
                    "batch_id": [f"b{(begun + number) // 1000}" for number in range(size)],
                    "gemeentecode": self._rng.choice(self._places, size, p=self._sizes),
                    "kanaal": self._rng.choice(list(CHANNELS), size),
                    "product": self._rng.choice(self._products, size, p=self._tastes),
                    "methode": self._rng.choice(METHODS, size),
                    "verzonden_op": self._days(size),
                }
            )

    def _days(self, size: int) -> np.ndarray:
        first = np.array(QUARTERS, dtype="datetime64[D]")[self._rng.integers(0, 4, size)]
        return (first + self._rng.integers(0, 90, size)).astype(str)


def _answers(codebook: Codebook, question: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the texts that may be answered, the higher the likelier."""
    values = codebook.values_of(codebook.question(STUDY, question).scale)
    texts = list({one.code: one.raw for one in reversed(values) if one.code is not None}.values())
    odds = np.linspace(1, 3, len(texts))
    return np.array(texts), odds / odds.sum()


def _write(path: Path, parts: Iterator[pl.DataFrame]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for number, part in enumerate(parts):
            part.write_csv(file, separator=";", include_header=number == 0)
