"""The codebook in memory: every row, and the lookups that the other rooms ask for.

Belongs here: finding rows. Does not belong here: reading files, judging them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from dagster_project.codebook.fingerprint import definition, fingerprint
from dagster_project.codebook.folding import fold, grouped
from dagster_project.codebook.model import (
    Channel,
    Column,
    Constant,
    Feed,
    Inclusion,
    Merger,
    Metric,
    MetricBand,
    MetricQuestion,
    Organisation,
    Product,
    PublicationRule,
    Question,
    Scale,
    ScaleValue,
    Segment,
    Study,
    Wave,
)

__all__ = ["Codebook", "fold"]


@dataclass(frozen=True, eq=False)
class Codebook:
    """All rows, in file order; those that an installation adds come last.

    Lookups of one row raise KeyError for an unknown id; lookups of several give an empty tuple.
    Everything is found by id, not by object: `columns_of("some_feed")`.
    """

    studies: tuple[Study, ...] = ()
    waves: tuple[Wave, ...] = ()
    channels: tuple[Channel, ...] = ()
    feeds: tuple[Feed, ...] = ()
    columns: tuple[Column, ...] = ()
    constants: tuple[Constant, ...] = ()
    inclusions: tuple[Inclusion, ...] = ()
    questions: tuple[Question, ...] = ()
    segments: tuple[Segment, ...] = ()
    scales: tuple[Scale, ...] = ()
    scale_values: tuple[ScaleValue, ...] = ()
    metrics: tuple[Metric, ...] = ()
    metric_questions: tuple[MetricQuestion, ...] = ()
    metric_bands: tuple[MetricBand, ...] = ()
    publication_rules: tuple[PublicationRule, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    organisation_mergers: tuple[Merger, ...] = ()
    products: tuple[Product, ...] = ()

    def study(self, study: str) -> Study:
        """Return the study with this id."""
        return self._studies[study]

    def feed(self, feed: str) -> Feed:
        """Return the feed with this id."""
        return self._feeds[feed]

    def question(self, study: str, question: str) -> Question:
        """Return the question of a study."""
        return self._questions[study, question]

    def scale(self, scale: str) -> Scale:
        """Return the scale with this id."""
        return self._scales[scale]

    def organisation(self, organisation_code: str) -> Organisation:
        """Return the organisation with exactly this code."""
        return self._organisations[organisation_code]

    def fieldwork_ended_on(self, study: str, period: str) -> date | None:
        """Return the last day of a wave's fieldwork; None where the codebook does not tell."""
        return self._fieldwork_ends.get((study, period))

    def feeds_of(self, study: str) -> tuple[Feed, ...]:
        """Return the feeds of a study."""
        return self._feeds_of.get(study, ())

    def columns_of(self, feed: str) -> tuple[Column, ...]:
        """Return the columns of a feed, aliases included."""
        return self._columns_of.get(feed, ())

    def questions_of(self, study: str) -> tuple[Question, ...]:
        """Return the questions of a study."""
        return self._questions_of.get(study, ())

    def channels_of(self, study: str) -> tuple[Channel, ...]:
        """Return the channels of a study; empty when it has none."""
        return self._channels_of.get(study, ())

    def products_of(self, study: str) -> tuple[Product, ...]:
        """Return the products of a study; empty when it has none."""
        return self._products_of.get(study, ())

    def organisations_of(self, study: str) -> tuple[Organisation, ...]:
        """Return the organisations of the study's kind, whatever their dates."""
        found = self._studies.get(study)
        return self._organisations_of.get(found.organisation_kind, ()) if found else ()

    def metric(self, study: str, metric: str, family: str) -> Metric:
        """Return the metric of a study; a distribution may share its id with another family."""
        return self._metrics[study, metric, family]

    def metrics_of(self, study: str) -> tuple[Metric, ...]:
        """Return the metrics of a study, distributions included."""
        return self._metrics_of.get(study, ())

    def questions_of_metric(self, study: str, metric: str) -> tuple[str, ...]:
        """Return the question ids of a metric; a distribution has none."""
        return tuple(row.question for row in self._metric_questions_of.get((study, metric), ()))

    def bands_of(self, study: str, metric: str) -> tuple[MetricBand, ...]:
        """Return the bands of a metric, in file order."""
        return self._bands_of.get((study, metric), ())

    def constants_of(self, feed: str) -> Mapping[str, str]:
        """Return the values by field that hold for every row of a feed."""
        return {row.field: row.value for row in self._constants_of.get(feed, ())}

    def inclusions_of(self, feed: str) -> Mapping[str, frozenset[str]]:
        """Return by folded header the folded texts of which a row must have one to count."""
        by_header = grouped(self._inclusions_of.get(feed, ()), lambda row: fold(row.header))
        return {
            header: frozenset(fold(row.value) for row in rows) for header, rows in by_header.items()
        }

    def values_of(self, scale: str) -> tuple[ScaleValue, ...]:
        """Return the raw texts of a scale."""
        return self._values_of.get(scale, ())

    def no_answers_of(self, scale: str) -> frozenset[str]:
        """Return raw texts that mean no answer, trimmed and lower case.

        For a scale of kind `no_answer` its own list, for any other the list it refers to.
        """
        found = self._scales.get(scale)
        if found is None:
            return frozenset()
        listed = found.scale if found.kind == "no_answer" else found.no_answer
        return frozenset(fold(value.raw) for value in self.values_of(listed or ""))

    def fingerprint_of(self, feed: str) -> str:
        """Return the SHA-256 (hex) of all rows that matter for judging this feed's deliveries."""
        if feed not in self._fingerprints:
            self._fingerprints[feed] = fingerprint(self, feed)
        return self._fingerprints[feed]

    def definition_of(self, study: str, metric: str, family: str) -> str:
        """Return the SHA-256 (hex) of all that says what this metric means; labels do not count."""
        return definition(self, self.metric(study, metric, family))

    @cached_property
    def _fingerprints(self) -> dict[str, str]:
        return {}

    @cached_property
    def _studies(self) -> Mapping[str, Study]:
        return {row.study: row for row in self.studies}

    @cached_property
    def _fieldwork_ends(self) -> Mapping[tuple[str, str], date]:
        return {(row.study, row.period): row.fieldwork_ended_on for row in self.waves}

    @cached_property
    def _feeds(self) -> Mapping[str, Feed]:
        return {row.feed: row for row in self.feeds}

    @cached_property
    def _questions(self) -> Mapping[tuple[str, str], Question]:
        return {(row.study, row.question): row for row in self.questions}

    @cached_property
    def _scales(self) -> Mapping[str, Scale]:
        return {row.scale: row for row in self.scales}

    @cached_property
    def _organisations(self) -> Mapping[str, Organisation]:
        return {row.organisation_code: row for row in self.organisations}

    @cached_property
    def _feeds_of(self) -> Mapping[str, tuple[Feed, ...]]:
        return grouped(self.feeds, lambda row: row.study)

    @cached_property
    def _columns_of(self) -> Mapping[str, tuple[Column, ...]]:
        return grouped(self.columns, lambda row: row.feed)

    @cached_property
    def _constants_of(self) -> Mapping[str, tuple[Constant, ...]]:
        return grouped(self.constants, lambda row: row.feed)

    @cached_property
    def _inclusions_of(self) -> Mapping[str, tuple[Inclusion, ...]]:
        return grouped(self.inclusions, lambda row: row.feed)

    @cached_property
    def _questions_of(self) -> Mapping[str, tuple[Question, ...]]:
        return grouped(self.questions, lambda row: row.study)

    @cached_property
    def _channels_of(self) -> Mapping[str, tuple[Channel, ...]]:
        return grouped(self.channels, lambda row: row.study)

    @cached_property
    def _products_of(self) -> Mapping[str, tuple[Product, ...]]:
        return grouped(self.products, lambda row: row.study)

    @cached_property
    def _organisations_of(self) -> Mapping[str, tuple[Organisation, ...]]:
        return grouped(self.organisations, lambda row: row.kind)

    @cached_property
    def _metrics(self) -> Mapping[tuple[str, str, str], Metric]:
        return {(row.study, row.metric, row.family): row for row in self.metrics}

    @cached_property
    def _metrics_of(self) -> Mapping[str, tuple[Metric, ...]]:
        return grouped(self.metrics, lambda row: row.study)

    @cached_property
    def _metric_questions_of(self) -> Mapping[tuple[str, str], tuple[MetricQuestion, ...]]:
        return grouped(self.metric_questions, lambda row: (row.study, row.metric))

    @cached_property
    def _bands_of(self) -> Mapping[tuple[str, str], tuple[MetricBand, ...]]:
        return grouped(self.metric_bands, lambda row: (row.study, row.metric))

    @cached_property
    def _values_of(self) -> Mapping[str, tuple[ScaleValue, ...]]:
        return grouped(self.scale_values, lambda row: row.scale)
