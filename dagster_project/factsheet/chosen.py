"""What a factsheet is made from: the figures of one organisation and a period, and words.

Belongs here: what more than one part of a factsheet asks for. Does not belong here: those parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from dagster_project.codebook import Codebook, Metric
from dagster_project.factsheet.figures import ALL, PUBLISHED, Facts, Row, Where
from dagster_project.factsheet.outline import Outline, outline_of
from dagster_project.factsheet.strips import Strip, strip_of
from dagster_project.factsheet.words import Words
from dagster_project.release.contract import Figure, figure_of


@dataclass(frozen=True)
class Chosen:
    """The codebook, a language, what is published of an organisation, and the period shown."""

    codebook: Codebook
    words: Words
    facts: Facts
    period: str

    @property
    def study(self) -> str:
        """The study."""
        return self.facts.study

    @cached_property
    def outline(self) -> Outline:
        """What the metrics of the study are to each other."""
        return outline_of(self.codebook, self.study)

    def channels(self) -> Iterator[tuple[str, str]]:
        """Yield each channel of the study with its label, all together first."""
        own = self.codebook.channels_of(self.study)
        yield ALL, self.words("all_channels") if own else ""
        yield from ((one.channel, self.words.label(one)) for one in own)

    def range_of(self, metric: Metric) -> Figure:
        """Return what a metric can be, its least and greatest value."""
        return figure_of(self.codebook, metric)

    def strips(
        self, metrics: Iterable[Metric], where: Where, label: str | None = None
    ) -> list[Strip]:
        """Word the figures of some metrics; those without a cell are left out."""
        return [
            strip_of(self.codebook, self.words, metric, row, label)
            for metric in metrics
            if (row := self.facts.figure(self.period, where, metric.metric))
        ]

    def owners(self) -> list[Metric]:
        """Return the metrics that shares and distributions belong to."""
        aspects = [one for metrics in self.outline.aspects.values() for one in metrics]
        return [*self.outline.headline, *aspects]

    def optional(self, value: float | None, decimals: int = 0) -> str:
        """Write a number; nothing for None."""
        return "" if value is None else self.words.number(value, decimals)

    def numbers(self, row: Row, columns: Iterable[str]) -> list[str]:
        """Write columns of a row; dashes where it is hidden."""
        if row["status"] != PUBLISHED:
            return [self.words("hidden_mark") for _ in columns]
        unknown = {"net_sample", "responses_invited"} if row["response_rate"] is None else set()
        return [
            "" if one in unknown else self.optional(row[one], 1 if one.endswith("rate") else 0)
            for one in columns
        ]
