"""The tables and columns that a release may have: the audit's own list, to find any other.

Belongs here: names, and the few expressions that every check shares. Does not belong here: what is
in the tables.
"""

from __future__ import annotations

import polars as pl

Check = tuple[str, str, pl.DataFrame]
"""A table, what is wrong in it, and the rows in which it is."""

CELL = (
    *("study", "organisation_code", "period", "channel", "product_code"),
    *("segment", "segment_value"),
)
"""The columns that name a cell."""
TOTAL = "all"
PUBLISHED, HIDDEN = "published", "suppressed"
KPI, DISTRIBUTION = "mart_kpi", "mart_distribution"
RESPONSE, FUNNEL = "mart_response", "mart_response_funnel"
SAME = 1e-9
"""Figures that differ less are equal but for the last bits."""

SUPPRESSION = "mart_suppression"
MERGED = "mart_kpi_merged"
ITEMS = "mart_item_response"
PRIORITY = "mart_priority"
PUBLICATION = "mart_publication"
RELEASE = "mart_release"
ORGANISATIONS = "dim_organisation"

PLACE = CELL[:5]
CHANNEL = CELL[:4]
PERIOD = ("period_type", "period_start")
ROW = ("status", "answer", *PERIOD)
"""Columns that a hidden row may have besides its key."""

LABELS, ORDER = ("label_nl", "label_en"), "sort_order"
WORDS = (*LABELS, ORDER, "overall_metric")
"""Columns of dimensions that nothing is recomputed from: a release may lack them."""

KEYS: dict[str, tuple[str, ...]] = {
    KPI: (*CELL, "metric"),
    MERGED: (*CELL, "metric"),
    DISTRIBUTION: (*CELL, "metric", "answer"),
    RESPONSE: PLACE,
    FUNNEL: ("study", "organisation_code", "period", "method"),
    SUPPRESSION: CHANNEL,
    ITEMS: (*CHANNEL, "question"),
    PRIORITY: (*CHANNEL, "metric"),
    PUBLICATION: ("study", "organisation_code", "period", "product_code"),
    RELEASE: ("study", "organisation_code", "period"),
}

FIGURES = ("n", "n_weighted", "value", "value_rounded", "margin", "status")
COMPARED = (
    "previous_value",
    "change",
    "change_significant",
    "year_ago_value",
    "year_ago_change",
    "year_ago_significant",
)
BENCHMARK = ("benchmark_value", "benchmark_organisations", "benchmark_significant")

COLUMNS: dict[str, tuple[str, ...]] = {
    KPI: (*KEYS[KPI], *PERIOD, *FIGURES, *COMPARED, *BENCHMARK, "series_break"),
    MERGED: (*KEYS[KPI], *PERIOD, *FIGURES, *COMPARED, "series_break"),
    DISTRIBUTION: (*KEYS[DISTRIBUTION], *PERIOD, "n", "share", "status"),
    RESPONSE: (
        *PLACE,
        *PERIOD,
        "invited",
        "undeliverable",
        "opted_out",
        "net_sample",
        "responses",
        "responses_invited",
        "response_rate",
        "reviews",
        "tips",
        "required_sample",
        "required_reached",
        "status",
    ),
    FUNNEL: (
        *KEYS[FUNNEL],
        *PERIOD,
        "gross_sample",
        "duplicates",
        "incomplete",
        "invited",
        "undeliverable",
        "opted_out",
        "net_sample",
        "responses_invited",
        "response_rate",
        "status",
    ),
    SUPPRESSION: (*CHANNEL, "cells_published", "cells_suppressed", "answers_suppressed_share"),
    ITEMS: (*KEYS[ITEMS], *PERIOD, "asked", "answered", "share", "status"),
    PRIORITY: (
        *KEYS[PRIORITY],
        *PERIOD,
        "n",
        "satisfaction",
        "importance",
        "importance_method",
        "quadrant",
        "status",
    ),
    PUBLICATION: (
        *KEYS[PUBLICATION],
        *PERIOD,
        "responses",
        "response_rate",
        "value",
        "value_second_judgement",
        "norm",
        "published",
        "reason",
        "status",
    ),
    ORGANISATIONS: (
        "organisation_code",
        "name",
        "size_class",
        "valid_from",
        "valid_to",
        "merged_into",
    ),
    RELEASE: (*KEYS[RELEASE], "state", "released_on", "revision", "revised_on", "reason"),
    "dim_study": (
        *("study", *LABELS, "timing", "min_n", "population"),
        *("benchmark_method", "benchmark_min_organisations", ORDER),
    ),
    "dim_product": ("study", "product_code", *LABELS, "upl_name", "upl_uri", ORDER),
    "dim_channel": ("study", "channel", *LABELS, ORDER),
    "dim_segment": (
        *("study", "segment", "segment_value", "segment_label_nl", "segment_label_en"),
        *(*LABELS, ORDER),
    ),
    "dim_answer": ("study", "metric", "answer", *LABELS, "number", ORDER),
    "dim_method": ("study", "method", *LABELS, ORDER),
    "dim_quadrant": ("quadrant", *LABELS, ORDER),
    "dim_period": (
        "study",
        "period",
        "period_type",
        "period_start",
        "period_end",
        "previous_period",
        "year_ago_period",
        "closed",
        *LABELS,
        ORDER,
    ),
    "dim_metric": (
        "study",
        "metric",
        "label_nl",
        "label_en",
        "definition_nl",
        "definition_en",
        "family",
        "unit",
        "decimals",
        "base",
        "disclosure_group",
        "higher_is_better",
        "overall_metric",
        ORDER,
    ),
}
NEEDED = (KPI, RESPONSE, "dim_period", "dim_metric")
"""Tables without which nothing can be recomputed."""

MANIFEST = (
    *("release", "time", "software", "deliveries", "tables", "parquet", "checks"),
    *("periods_new", "periods_revised", "released_as_they_were", "withdrawn"),
)
DATABASE_FILE, MANIFEST_FILE = "kto.duckdb", "manifest.json"
VIEWS = ("dim_question", "kpi_labelled", "kpi_totals", "kpi_by_product", "kpi_trend", "response")
"""Views of schema main that show tables with labels; each table has a view there as well."""


def same(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Both null, or equal but for the last bits."""
    close = (left - right).abs() <= SAME * (1 + right.abs())
    return (left.is_null() & right.is_null()) | close.fill_null(value=False)
