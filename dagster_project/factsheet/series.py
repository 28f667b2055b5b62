"""The charts with axes of a factsheet: how a figure went, and what deserves attention.

Belongs here: which figures they show, and the table behind each. Does not belong here: their looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dagster_project.codebook import Metric
from dagster_project.factsheet import charts
from dagster_project.factsheet.charts import Dot, Line
from dagster_project.factsheet.chosen import Chosen
from dagster_project.factsheet.contents import (
    Chart,
)
from dagster_project.factsheet.figures import (
    PRIORITY,
    PUBLISHED,
    Row,
    Where,
)
from dagster_project.factsheet.strips import margin_decimals, shown

MOST_POINTS = {4: 8, 6: 12}
"""How many periods a trend shows: of years, of quarters."""
LEAST_DOTS, LEAST_POINTS = 3, 2
NOTHING: Row = dict.fromkeys(("value", "margin", "benchmark_value", "series_break"))
"""A period without a figure."""


def trend_of(chosen: Chosen, where: Where) -> Chart | None:
    """Draw the first of the leading figures over time, beside its benchmark.

    A period that is hidden or has no figure is a gap.
    """
    for metric in chosen.outline.lead:
        most = MOST_POINTS[len(chosen.period)]
        series = chosen.facts.series(where, metric.metric, chosen.period, most)
        if sum(row is not None for _, row in series) >= LEAST_POINTS:
            return _trend_chart(chosen, metric, series)
    return None


def _trend_chart(chosen: Chosen, metric: Metric, series: Sequence[tuple[str, Row | None]]) -> Chart:
    label = chosen.words.label(metric)
    rows = [(period, row or NOTHING) for period, row in series]
    lines = [Line(label, [(period, row["value"], row["margin"]) for period, row in rows])]
    if any(row["benchmark_value"] is not None for _, row in rows):
        points = [(period, row["benchmark_value"], None) for period, row in rows]
        lines.append(Line(chosen.words("benchmark"), points, is_benchmark=True))
    span = chosen.range_of(metric)
    last = next(row for _, row in reversed(series) if row is not None)
    breaks = [period for period, row in rows if row["series_break"]]
    return Chart(
        spec=charts.trend(lines, chosen.words.language == "nl", (span.lower, span.upper)),
        alternative=chosen.words(
            "trend_alt",
            label=label,
            first=series[0][0],
            last=series[-1][0],
            value=shown(chosen.words, metric, last["value"]),
        ),
        head=[
            chosen.words("period"),
            label,
            chosen.words("margin"),
            chosen.words("benchmark"),
        ],
        rows=[[period, *_values(chosen, metric, row)] for period, row in rows],
        note=chosen.words("series_break", periods=", ".join(breaks))
        if breaks
        else chosen.words("trend_note"),
    )


def _values(chosen: Chosen, metric: Metric, row: Row) -> list[str]:
    """Write value, margin and benchmark of a row of the table behind a trend."""
    if row["value"] is None:
        return [chosen.words("hidden_mark"), "", ""]
    benchmark = row["benchmark_value"]
    return [
        shown(chosen.words, metric, row["value"]),
        chosen.optional(row["margin"], margin_decimals(metric)),
        "" if benchmark is None else shown(chosen.words, metric, benchmark),
    ]


def matrices_of(chosen: Chosen, channel: str) -> Iterator[tuple[str, Chart]]:
    """Draw a priority matrix for each overall figure that enough aspects belong to."""
    rows = {
        row["metric"]: row
        for row in chosen.facts.rows(PRIORITY, chosen.period, channel=channel)
        if row["status"] == PUBLISHED and None not in (row["importance"], row["quadrant"])
    }
    metrics = [one for one in chosen.codebook.metrics_of(chosen.study) if one.metric in rows]
    by_overall: dict[str, list[Metric]] = {}
    for metric in metrics:
        if metric.overall_metric:
            by_overall.setdefault(metric.overall_metric, []).append(metric)
    for overall, aspects in by_overall.items():
        if len(aspects) >= LEAST_DOTS:
            yield _matrix(chosen, overall, aspects, rows)


def _matrix(
    chosen: Chosen, overall: str, aspects: Sequence[Metric], rows: Mapping[str, Row]
) -> tuple[str, Chart]:
    words = chosen.words
    dots = [
        Dot(place, rows[one.metric]["importance"], rows[one.metric]["satisfaction"])
        for place, one in enumerate(aspects, 1)
    ]
    label = next(words.label(one) for one in chosen.outline.headline if one.metric == overall)
    corners = [words(one) for one in ("low_priority", "high_priority", "maintain", "strength")]
    titles = (words("importance"), words("satisfaction"))
    chart = Chart(
        spec=charts.matrix(dots, titles, words.language == "nl", corners),
        alternative=words("priority_alt", count=len(dots)),
        head=[words("aspect"), *titles[::-1], words("quadrant")],
        rows=[
            [
                f"{place}. {words.label(one)}",
                words.number(rows[one.metric]["satisfaction"], max(one.decimals, 1)),
                words.number(rows[one.metric]["importance"], 2),
                words(rows[one.metric]["quadrant"]),
            ]
            for place, one in enumerate(aspects, 1)
        ],
        note=words("priority_note", label=label),
    )
    return f"{words('priority')}: {label}", chart
