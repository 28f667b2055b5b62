"""What one row of each codebook file is: frozen values, named and typed as the CSV columns.

Belongs here: the row types only; attribute names are the column names, a blank optional cell is
None. Where a row stands, `row` (the header is row 1) of `file`, never takes part in comparisons.
Does not belong here: reading, lookups, rules.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date

ANSWER = "="
"""Stands before the code of the answer for which a column stands."""


@dataclass(frozen=True, slots=True)
class Row:
    """What every row has; `row` is 0, and `file` blank, for a value that was made in code."""

    row: int = dataclasses.field(default=0, compare=False, kw_only=True)
    file: str = dataclasses.field(default="", compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Study(Row):
    """One survey with its own questionnaire, and the rules that hold for all of it.

    `code_prefix` and `code_digits` say which spellings of an organisation code are the same; both
    blank means codes are taken as they are. `release_day` is the day of the month after a quarter
    from which it is due, None where the installation's day holds. With more than `max_bad_rows_pct`
    (0 to 100) of bad rows a delivery is refused, with more than `hold_bad_rows_pct` a period is
    held. `max_revisions` is how often a period may be revised.
    `priority_min_n` is the fewest respondents on whom the importance of an aspect rests,
    `benchmark_among` the organisations that a benchmark compares with: all, or a size class.
    """

    study: str
    label_nl: str
    label_en: str
    timing: str
    organisation_kind: str
    code_prefix: str | None
    code_digits: int | None
    min_n: int
    starts_on: date
    release_day: int | None
    max_bad_rows_pct: float
    hold_bad_rows_pct: float
    max_revisions: int
    population: str
    benchmark_method: str
    benchmark_min_organisations: int
    priority_method: str
    priority_min_n: int
    benchmark_among: str


@dataclass(frozen=True, slots=True)
class Wave(Row):
    """A wave of a study in waves: its year, and the last day of its fieldwork."""

    study: str
    period: str
    fieldwork_ended_on: date


@dataclass(frozen=True, slots=True)
class Channel(Row):
    """A way in which customers of a study are served or asked."""

    study: str
    channel: str
    label_nl: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Feed(Row):
    """A stream of files of one kind; the constants hold for every row of it."""

    feed: str
    study: str
    kind: str
    channel: str | None
    organisation_code: str | None
    period_source: str
    period: str | None
    sheet: str | None


@dataclass(frozen=True, slots=True)
class Column(Row):
    """A header of a feed and the role or question it holds; several rows of a field are aliases.

    `format` is that of a date. For a question with several answers it is `=` and the code of the
    answer for which the column stands, or what separates the answers in its cells.
    """

    feed: str
    field: str
    header: str
    required: bool
    format: str | None
    scale: str | None

    @property
    def answer(self) -> str | None:
        """The code of the one answer for which the column stands."""
        form = self.format or ""
        return form[1:].strip() if form.startswith(ANSWER) and len(form) > 1 else None


@dataclass(frozen=True, slots=True)
class Constant(Row):
    """A value that holds for every row of a feed, of a role that no column of its files has."""

    feed: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Inclusion(Row):
    """A text in a column of a feed's files by which a row counts; rows with others are left out.

    `value` may be `ANY_ANSWER`.
    """

    feed: str
    header: str
    value: str


@dataclass(frozen=True, slots=True)
class Question(Row):
    """A question of a study and the scale of its answers."""

    study: str
    question: str
    scale: str
    label_nl: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Segment(Row):
    """A breakdown of the respondents of a study by their answer to a coded question."""

    study: str
    segment: str
    question: str
    label_nl: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Scale(Row):
    """How raw answers are read; `minimum`, `maximum`, `decimals` belong to number scales alone."""

    scale: str
    kind: str
    minimum: float | None
    maximum: float | None
    decimals: int | None
    no_answer: str | None


@dataclass(frozen=True, slots=True)
class ScaleValue(Row):
    """One raw text of a scale; `number` None is a valid code outside numeric bases."""

    scale: str
    raw: str
    code: str | None
    number: float | None
    label_nl: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Metric(Row):
    """A figure that is published; the key is (study, metric, family).

    With an `overall_metric` it is an aspect: its importance is how it goes with that metric.
    """

    study: str
    metric: str
    family: str
    unit: str
    base: str
    decimals: int
    min_items: int | None
    disclosure_group: str
    higher_is_better: bool
    new_series_from: date | None
    label_nl: str
    label_en: str
    definition_nl: str
    definition_en: str
    overall_metric: str | None


@dataclass(frozen=True, slots=True)
class MetricQuestion(Row):
    """A question from which a metric is computed."""

    study: str
    metric: str
    question: str


@dataclass(frozen=True, slots=True)
class MetricBand(Row):
    """Points for answers from `lower` to `upper`, both included; None leaves each as it is."""

    study: str
    metric: str
    lower: float
    upper: float
    points: float | None


@dataclass(frozen=True, slots=True)
class PublicationRule(Row):
    """When a study publishes what an organisation scored, and by which norm it is judged.

    Published is what reached `min_response_rate` (a percentage of the net sample) or `min_answers`;
    with `always_published`, everything. `judged_metric` is held against a norm, over all products
    or per product; where it stays below, `second_judgement_metric` stands beside it.
    """

    study: str
    judged_metric: str
    second_judgement_metric: str | None
    min_response_rate: float | None
    min_answers: int | None
    always_published: bool
    norm_overall: float | None
    norm_per_product: float | None


@dataclass(frozen=True, slots=True)
class Organisation(Row):
    """An organisation and the days on which it exists, both included; blank is open."""

    organisation_code: str
    name: str
    kind: str
    size_class: str | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Merger(Row):
    """An organisation that went up into another one on `effective_from`."""

    from_code: str
    to_code: str
    effective_from: date


@dataclass(frozen=True, slots=True)
class Product(Row):
    """A product or service of a study, with its name in the Uniforme Productnamenlijst."""

    study: str
    product_code: str
    label_nl: str
    label_en: str
    upl_name: str | None
    upl_uri: str | None
