"""Figures by product and by segment.

Belongs here: which groups there are, the list of the first figure, the table of the others. Does
not belong here: HTML.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dagster_project.codebook import Metric
from dagster_project.factsheet.chosen import Chosen
from dagster_project.factsheet.contents import (
    Figures,
    Table,
)
from dagster_project.factsheet.figures import (
    PUBLISHED,
    Row,
    Where,
)
from dagster_project.factsheet.parts import answer_labels
from dagster_project.factsheet.strips import shown, strip_of


def _groups(chosen: Chosen, channel: str) -> Iterator[tuple[str, str, list[tuple[str, Where]]]]:
    """Name the breakdowns of a channel: title, head, and each group with its label."""
    places = [one for one in chosen.facts.places(chosen.period) if one.channel == channel]
    products = {one.product_code for one in places}
    yield (
        chosen.words("by_product"),
        chosen.words("product"),
        [
            (chosen.words.label(one), Where(channel, product_code=one.product_code))
            for one in chosen.codebook.products_of(chosen.study)
            if one.product_code in products
        ],
    )
    for segment in chosen.codebook.segments:
        if segment.study != chosen.study:
            continue
        values = {one.segment_value for one in places if one.segment == segment.segment}
        named = answer_labels(chosen.codebook, chosen.words, chosen.study, segment.question)
        named |= {one: chosen.words("unknown") for one in sorted(values - set(named))}
        yield (
            chosen.words("by_segment", label=chosen.words.label(segment).lower()),
            chosen.words("group"),
            [
                (label, Where(channel, segment=segment.segment, segment_value=code))
                for code, label in named.items()
                if code in values
            ],
        )


def first_by(chosen: Chosen, channel: str) -> Iterator[Figures]:
    """List the first headline figure by product and by segment."""
    for title, _, groups in _groups(chosen, channel):
        metric, rows = _first(chosen, groups)
        if metric:
            strips = [
                strip_of(chosen.codebook, chosen.words, metric, row, label) for label, row in rows
            ]
            yield Figures(f"{chosen.words.label(metric)}: {title.lower()}", strips)


def _first(
    chosen: Chosen, groups: Sequence[tuple[str, Where]]
) -> tuple[Metric | None, list[tuple[str, Row]]]:
    for metric in chosen.outline.headline:
        found = [
            (label, row)
            for label, where in groups
            if (row := chosen.facts.figure(chosen.period, where, metric.metric))
        ]
        if found:
            return metric, found
    return None, []


def breakdowns(chosen: Chosen, channel: str) -> Iterator[Table]:
    """Tabulate the other headline figures by product and by segment."""
    for title, head, groups in _groups(chosen, channel):
        first, _ = _first(chosen, groups)
        metrics = [
            one
            for one in chosen.outline.headline
            if one != first
            and any(chosen.facts.figure(chosen.period, where, one.metric) for _, where in groups)
        ]
        if metrics:
            yield _breakdown(chosen, title, head, groups, metrics)


def _breakdown(
    chosen: Chosen,
    title: str,
    head: str,
    groups: Sequence[tuple[str, Where]],
    metrics: Sequence[Metric],
) -> Table:
    rows = []
    for label, where in groups:
        cells = [chosen.facts.figure(chosen.period, where, one.metric) for one in metrics]
        pairs = zip(metrics, cells, strict=True)
        rows.append([label, *(text for pair in pairs for text in _cell(chosen, *pair))])
    heads = [text for one in metrics for text in (chosen.words.label(one), "n")]
    return Table(title, [head, *heads], rows)


def _cell(chosen: Chosen, metric: Metric, row: Row | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    if row["status"] != PUBLISHED:
        return chosen.words("hidden_mark"), ""
    return shown(chosen.words, metric, row["value"]), chosen.words.number(row["n"])
