"""Which files the codebook has, what each column may hold and what makes a row unique.

Belongs here: one declaration per file; the columns of a file are the attributes of its row type.
Does not belong here: rules that need more than one cell or file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dagster_project.codebook import cells, model, roles


@dataclass(frozen=True)
class Table:
    """One file `<name>.csv`: a parser per column, in order, and the columns that identify a row.

    Keys are compared without regard to case: two rows that differ in case only would be one row to
    whoever types a code by hand. A file that is not `required` may be missing, and has no rows.
    """

    name: str
    row_type: type[model.Row]
    cells: Mapping[str, cells.Cell]
    key: tuple[str, ...]
    required: bool = True

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in the order in which they are documented."""
        return tuple(self.cells)


_LABELS = {"label_nl": cells.text, "label_en": cells.text}
_REFERENCE = cells.optional(cells.reference)
_TEXT = cells.optional(cells.text)
_DAY = cells.optional(cells.day)

STUDIES = Table(
    "studies",
    model.Study,
    {
        "study": cells.identifier,
        **_LABELS,
        "timing": cells.one_of("quarter", "wave"),
        "organisation_kind": cells.identifier,
        "code_prefix": _TEXT,
        "code_digits": cells.optional(cells.whole(1, 20)),
        "min_n": cells.whole(1),
        "starts_on": cells.day,
        "release_day": cells.optional(cells.whole(1, 28)),
        "max_bad_rows_pct": cells.number(0, 100),
        "hold_bad_rows_pct": cells.optional(cells.number(0, 100), 5.0),
        "max_revisions": cells.optional(cells.whole(0), 3),
        "population": cells.one_of("invited", "unknown"),
        "benchmark_method": cells.one_of("mean_of_others", "pooled"),
        "benchmark_min_organisations": cells.whole(1),
        "priority_method": cells.one_of("correlation", "regression"),
        "priority_min_n": cells.whole(2),
        "benchmark_among": cells.one_of("all", "size_class"),
    },
    ("study",),
)
WAVES = Table(
    "waves",
    model.Wave,
    {"study": cells.reference, "period": cells.year, "fieldwork_ended_on": cells.day},
    ("study", "period"),
)
CHANNELS = Table(
    "channels",
    model.Channel,
    {"study": cells.reference, "channel": cells.identifier, **_LABELS},
    ("study", "channel"),
)
FEEDS = Table(
    "feeds",
    model.Feed,
    {
        "feed": cells.identifier,
        "study": cells.reference,
        "kind": cells.one_of(roles.RESPONSES, roles.INVITATIONS),
        "channel": _REFERENCE,
        "organisation_code": _REFERENCE,
        "period_source": cells.one_of("date", "constant", "year"),
        "period": _TEXT,
        "sheet": _TEXT,
    },
    ("feed",),
)
COLUMNS = Table(
    "columns",
    model.Column,
    {
        "feed": cells.reference,
        "field": cells.reference,
        "header": cells.text,
        "required": cells.flag,
        "format": _TEXT,
        "scale": _REFERENCE,
    },
    ("feed", "header"),
)
CONSTANTS = Table(
    "constants",
    model.Constant,
    {
        "feed": cells.reference,
        "field": cells.one_of("product_code", "weight"),
        "value": cells.reference,
    },
    ("feed", "field"),
    required=False,
)
INCLUSIONS = Table(
    "inclusions",
    model.Inclusion,
    {"feed": cells.reference, "header": cells.text, "value": cells.text},
    ("feed", "header", "value"),
    required=False,
)
QUESTIONS = Table(
    "questions",
    model.Question,
    {
        "study": cells.reference,
        "question": cells.identifier,
        "scale": cells.reference,
        **_LABELS,
    },
    ("study", "question"),
)
SEGMENTS = Table(
    "segments",
    model.Segment,
    {
        "study": cells.reference,
        "segment": cells.identifier,
        "question": cells.reference,
        **_LABELS,
    },
    ("study", "segment"),
)
SCALES = Table(
    "scales",
    model.Scale,
    {
        "scale": cells.identifier,
        "kind": cells.one_of("number", "code", "multiple", "no_answer"),
        "minimum": cells.optional(cells.number()),
        "maximum": cells.optional(cells.number()),
        "decimals": cells.optional(cells.whole(0, 6)),
        "no_answer": _REFERENCE,
    },
    ("scale",),
)
SCALE_VALUES = Table(
    "scale_values",
    model.ScaleValue,
    {
        "scale": cells.reference,
        "raw": cells.text,
        "code": _REFERENCE,
        "number": cells.optional(cells.number()),
        **_LABELS,
    },
    ("scale", "raw"),
)
METRICS = Table(
    "metrics",
    model.Metric,
    {
        "study": cells.reference,
        "metric": cells.identifier,
        "family": cells.one_of("mean", "net", "share", "composite", "distribution"),
        "unit": cells.one_of("grade", "scale", "percent", "points"),
        "base": cells.one_of("answered", "asked"),
        "decimals": cells.whole(0, 6),
        "min_items": cells.optional(cells.whole(1)),
        "disclosure_group": cells.identifier,
        "higher_is_better": cells.flag,
        "new_series_from": _DAY,
        **_LABELS,
        "definition_nl": cells.text,
        "definition_en": cells.text,
        "overall_metric": _REFERENCE,
    },
    ("study", "metric", "family"),
)
METRIC_QUESTIONS = Table(
    "metric_questions",
    model.MetricQuestion,
    {"study": cells.reference, "metric": cells.reference, "question": cells.reference},
    ("study", "metric", "question"),
)
METRIC_BANDS = Table(
    "metric_bands",
    model.MetricBand,
    {
        "study": cells.reference,
        "metric": cells.reference,
        "lower": cells.number(),
        "upper": cells.number(),
        "points": cells.optional(cells.number(-100, 100)),
    },
    ("study", "metric", "lower"),
)
PUBLICATION_RULES = Table(
    "publication_rules",
    model.PublicationRule,
    {
        "study": cells.reference,
        "judged_metric": cells.reference,
        "second_judgement_metric": _REFERENCE,
        "min_response_rate": cells.optional(cells.number(0, 100)),
        "min_answers": cells.optional(cells.whole(1)),
        "always_published": cells.flag,
        "norm_overall": cells.optional(cells.number()),
        "norm_per_product": cells.optional(cells.number()),
    },
    ("study",),
)
ORGANISATIONS = Table(
    "organisations",
    model.Organisation,
    {
        "organisation_code": cells.code,
        "name": cells.text,
        "kind": cells.identifier,
        "size_class": _TEXT,
        "valid_from": _DAY,
        "valid_to": _DAY,
    },
    ("organisation_code",),
)
ORGANISATION_MERGERS = Table(
    "organisation_mergers",
    model.Merger,
    {"from_code": cells.reference, "to_code": cells.reference, "effective_from": cells.day},
    ("from_code",),
)
PRODUCTS = Table(
    "products",
    model.Product,
    {
        "study": cells.reference,
        "product_code": cells.code,
        **_LABELS,
        "upl_name": _TEXT,
        "upl_uri": _TEXT,
    },
    ("study", "product_code"),
)

TABLES = (
    STUDIES,
    WAVES,
    CHANNELS,
    FEEDS,
    COLUMNS,
    CONSTANTS,
    INCLUSIONS,
    QUESTIONS,
    SEGMENTS,
    SCALES,
    SCALE_VALUES,
    METRICS,
    METRIC_QUESTIONS,
    METRIC_BANDS,
    PUBLICATION_RULES,
    ORGANISATIONS,
    ORGANISATION_MERGERS,
    PRODUCTS,
)
"""Every file of the codebook, named as the attributes of `Codebook`."""
