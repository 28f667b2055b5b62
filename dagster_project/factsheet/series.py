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
LEAST_DOTS = 3


def trend_of(chosen: Chosen, where: Where) -> Chart | None:
    """Draw the first of the leading figures over time, beside its benchmark."""
    for metric in chosen.outline.lead:
        most = MOST_POINTS[len(chosen.period)]
        series = chosen.facts.series(where, metric.metric, chosen.period, most)
        if len(series) < 2:  # noqa: PLR2004
            continue
        return _trend_chart(chosen, metric, series)
    return None


def _trend_chart(chosen: Chosen, metric: Metric, series: Sequence[Row]) -> Chart:
    label = chosen.words.label(metric)
    own = Line(label, [(row["period"], row["value"], row["margin"]) for row in series])
    others = [row for row in series if row["benchmark_value"] is not None]
    lines = [own]
    if others:
        points = [(row["period"], row["benchmark_value"], None) for row in others]
        lines.append(Line(chosen.words("benchmark"), points, is_benchmark=True))
    span = chosen.range_of(metric)
    last = series[-1]
    return Chart(
        spec=charts.trend(lines, chosen.words.language == "nl", (span.lower, span.upper)),
        alternative=chosen.words(
            "trend_alt",
            label=label,
            first=series[0]["period"],
            last=last["period"],
            value=shown(chosen.words, metric, last["value"]),
        ),
        head=[chosen.words("period"), label, chosen.words("margin"), chosen.words("benchmark")],
        rows=[
            [
                row["period"],
                shown(chosen.words, metric, row["value"]),
                chosen.optional(row["margin"], margin_decimals(metric)),
                ""
                if row["benchmark_value"] is None
                else shown(chosen.words, metric, row["benchmark_value"]),
            ]
            for row in series
        ],
        note=chosen.words("trend_note"),
    )


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
    return words("priority"), chart
