"""What a factsheet holds, as values: charts, lists, bars, tables, and how they are put together.

Belongs here: the types only. Does not belong here: choosing, HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.factsheet.strips import Strip

LEAST_NAMED = 7.0
"""Percentage from which a part is wide enough for its number."""


@dataclass(frozen=True)
class Segment:
    """A part of a bar: its label, percentage as text, and width in percent."""

    label: str
    text: str
    width: float

    @property
    def is_wide(self) -> bool:
        """Whether its number fits into it."""
        return self.width >= LEAST_NAMED


@dataclass(frozen=True)
class Chart:
    """A chart, the text that stands for it, and the table behind it (a head, and rows)."""

    spec: Mapping[str, Any]
    alternative: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Figures:
    """A list of figures that share a scale."""

    title: str
    strips: Sequence[Strip]
    note: str = ""


@dataclass(frozen=True)
class Stack:
    """Parts of a whole as one bar; `segments` sum to 100."""

    label: str
    segments: Sequence[Segment]


@dataclass(frozen=True)
class Stacks:
    """Bars of parts under one title."""

    title: str
    stacks: Sequence[Stack]


@dataclass(frozen=True)
class Answers:
    """The distribution of a question: (label, percentage as text, percentage), or hidden."""

    title: str
    base: str
    rows: Sequence[tuple[str, str, float]]
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table of texts; numbers stand to the right."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Block:
    """All about the customers of one channel."""

    title: str
    tiles: Sequence[Strip]
    lists: Sequence[Figures]
    groups: Sequence[Figures]
    stacks: Sequence[Stacks]
    answers: Sequence[Answers]
    trend: Chart | None
    matrices: Sequence[tuple[str, Chart]]
    tables: Sequence[Table]


@dataclass(frozen=True)
class Sheet:
    """A factsheet; `hidden` says what is not shown, `definitions` are (label, definition)."""

    title: str
    study_label: str
    told: str
    is_preview: bool
    response: Sequence[str]
    blocks: Sequence[Block]
    tables: Sequence[Table]
    benchmark: str
    weighted: str
    hidden: str
    definitions: Sequence[tuple[str, str]]
