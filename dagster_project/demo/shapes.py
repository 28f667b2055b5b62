"""What the rows of the demo's tables are, typed.

Belongs here: frozen values and how a row of text becomes one. Does not belong here: reading files,
looking rows up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

Row = dict[str, str]


@dataclass(frozen=True)
class Question:
    """How one question of one feed is answered; see README.md for the columns."""

    name: str
    kind: str
    low: float
    high: float
    spread: float
    half_share: float
    missing: float
    section: str
    loading: float
    lean_size: float
    trend: float
    codes: tuple[str, ...]
    weights: tuple[float, ...]
    share_codes: frozenset[str]


@dataclass(frozen=True)
class Sample:
    """One product of a block: who counts, how many were reached, and addresses that led to nobody.

    `lost` counts those addresses by the status that stands in the delivery.
    """

    product: str
    responses: int
    reached: int
    lost: Mapping[str, int]


@dataclass(frozen=True)
class Exact:
    """How many gave which answer: of a product's respondents, or of all of a block.

    Those who answer are drawn from the `among` respondents who answer most; None is everybody.
    `where` maps earlier questions to the answer that all of them gave.
    """

    product: str
    among: int | None
    where: Mapping[str, str]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Block:
    """Respondents that count: one feed, organisation and year.

    `samples` tells of a survey that drew a sample how many there are of each product.
    """

    feed: str
    organisation: str
    year: int
    responses: int
    texts: Mapping[str, int]
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """One file to land: which rows it holds and how it is written."""

    feed: str
    year: int
    quarter: int
    group: str
    received: date
    file: str
    style: Row


def place_of(row: Row) -> tuple[str, str, str]:
    """Return what tells blocks apart: feed, organisation, year."""
    return row["feed"], row["organisation_code"], row["year"]


def pairs_in(cell: str) -> list[list[str]]:
    """Split `a:1|b:2` into pairs; a blank cell has none."""
    return [pair.split(":") for pair in cell.split("|")] if cell else []


def counts_in(row: Row, after: str) -> dict[str, int]:
    """Whole numbers in the columns after one of them, by the name of the column."""
    names = list(row)
    return {name: int(row[name] or 0) for name in names[names.index(after) + 1 :]}


def samples_in(rows: list[Row]) -> dict[tuple[str, str, str], list[Sample]]:
    """Return the rows of `samples.csv` by block."""
    found: dict[tuple[str, str, str], list[Sample]] = {}
    for row in rows:
        sample = Sample(
            row["product_code"],
            int(row["responses"]),
            int(row["reached"]),
            counts_in(row, "reached"),
        )
        found.setdefault(place_of(row), []).append(sample)
    return found


def question_in(row: Row) -> Question:
    """Return a row of `questions.csv`; blank numbers are 0."""

    def number(name: str) -> float:
        return float(row[name] or 0)

    return Question(
        name=row["question"],
        kind=row["kind"],
        low=number("low"),
        high=number("high"),
        spread=number("spread"),
        half_share=number("half_share"),
        missing=number("missing"),
        section=row["section"],
        loading=number("loading"),
        lean_size=number("lean_size"),
        trend=number("trend"),
        codes=tuple(row["codes"].split("|")) if row["codes"] else (),
        weights=tuple(float(w) for w in row["weights"].split("|")) if row["weights"] else (),
        share_codes=frozenset(row["share_codes"].split("|")) - {""},
    )
