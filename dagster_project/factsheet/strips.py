"""One published figure as a row of a table: words, and places on a track.

Belongs here: how a row of `mart_kpi` reads. Does not belong here: which rows a page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.codebook import Codebook, Metric
from dagster_project.factsheet.figures import PUBLISHED, Row
from dagster_project.factsheet.words import Words
from dagster_project.release.contract import figure_of

BAR_UNITS = {"percent", "points"}
"""Units whose bar begins at zero; the others have a scale without a zero, and get a dot."""
PERCENT = "percent"


@dataclass(frozen=True)
class Track:
    """Places on a line from the least to the greatest value, in percent of its width.

    `bar` and `margin` are (begin, width); None where there is none to draw.
    """

    dot: float
    bar: tuple[float, float] | None
    margin: tuple[float, float] | None
    benchmark: float | None


@dataclass(frozen=True)
class Difference:
    """A difference in words; `direction` is up, down or none, `matters` None where untested."""

    text: str
    direction: str
    matters: bool | None


@dataclass(frozen=True)
class Strip:
    """A figure as it is shown; without `track` it is hidden, and so is all else."""

    label: str
    definition: str
    n: str = ""
    value: str = ""
    margin: str = ""
    previous: str = ""
    change: Difference | None = None
    benchmark: str = ""
    against: Difference | None = None
    track: Track | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether the figure is not published."""
        return self.track is None


def strip_of(
    codebook: Codebook, words: Words, metric: Metric, row: Row, label: str | None = None
) -> Strip:
    """Word a row of `mart_kpi`; a suppressed one has its label only.

    Args:
        codebook: for the range of the metric.
        words: the language.
        metric: what the row is about.
        row: a row of `mart_kpi`.
        label: what to call it; the label of the metric if None.

    """
    named = words.label(metric) if label is None else label
    if row["status"] != PUBLISHED:
        return Strip(named, words.definition(metric))
    return Strip(
        label=named,
        definition=words.definition(metric),
        n=words.number(row["n"]),
        value=shown(words, metric, row["value"]),
        margin=""
        if row["margin"] is None
        else words.number(row["margin"], margin_decimals(metric)),
        previous=_optional(words, metric, row["previous_value"]),
        change=difference(words, metric, row["change"], row["change_significant"]),
        benchmark=_optional(words, metric, row["benchmark_value"]),
        against=difference(
            words,
            metric,
            None if row["benchmark_value"] is None else row["value"] - row["benchmark_value"],
            row["benchmark_significant"],
        ),
        track=_track(codebook, metric, row),
    )


def shown(words: Words, metric: Metric, value: float) -> str:
    """Write a value of a metric, with its unit where that is a percentage."""
    text = words.number(value, metric.decimals, signed=metric.unit == "points")
    return f"{text}\u00a0%" if metric.unit == PERCENT else text


def difference(
    words: Words, metric: Metric, by: float | None, matters: bool | None
) -> Difference | None:
    """Word a difference of two values of a metric; None where there is none.

    It has one decimal more than whole figures and as many as others, so that a small one shows.
    """
    if by is None:
        return None
    decimals = max(metric.decimals, 1)
    text = words.number(by, decimals, signed=True)
    is_zero = not any(digit in text for digit in "123456789")
    direction = "none" if is_zero else "up" if by > 0 else "down"
    return Difference(text, direction, matters)


def _optional(words: Words, metric: Metric, value: float | None) -> str:
    return "" if value is None else shown(words, metric, value)


def margin_decimals(metric: Metric) -> int:
    """Return the decimals of a margin: one where 100 is the whole, else two at most."""
    return 1 if metric.unit in BAR_UNITS else min(metric.decimals + 1, 2)


def _track(codebook: Codebook, metric: Metric, row: Row) -> Track:
    figure = figure_of(codebook, metric)
    span = (figure.upper - figure.lower) or 1.0

    def place(value: float) -> float:
        share = (min(max(value, figure.lower), figure.upper) - figure.lower) / span
        return round(100 * share, 2)

    value, margin, benchmark = row["value"], row["margin"], row["benchmark_value"]
    at, zero = place(value), place(0.0)
    around = None
    if margin is not None:
        low, high = place(value - margin), place(value + margin)
        around = (low, round(high - low, 2))
    return Track(
        dot=at,
        bar=(min(at, zero), round(abs(at - zero), 2)) if metric.unit in BAR_UNITS else None,
        margin=around,
        benchmark=None if benchmark is None else place(benchmark),
    )
