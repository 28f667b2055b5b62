"""Parts of a whole: the groups of a net score, the shares behind a mean.

Belongs here: putting published shares side by side so that they make up a whole. Does not belong
here: any share that is not published; where one is hidden, the whole is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from dagster_project.codebook import Codebook, Metric
from dagster_project.factsheet.figures import PUBLISHED, Facts, Where
from dagster_project.factsheet.outline import NET, SHARE, Outline
from dagster_project.factsheet.words import Words

WHOLE, NEARLY = 100.0, 0.5
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


class Maker(Protocol):
    """What the parts are made from."""

    @property
    def codebook(self) -> Codebook:
        """Labels and bands."""

    @property
    def words(self) -> Words:
        """The language."""

    @property
    def facts(self) -> Facts:
        """What is published."""

    @property
    def period(self) -> str:
        """The period that is shown."""

    @property
    def outline(self) -> Outline:
        """What the metrics are to each other."""


def answer_labels(codebook: Codebook, words: Words, study: str, question: str) -> dict[str, str]:
    """Return the labels of a question's answer codes, in the order of its scale.

    A scale of numbers has none: its codes are their own labels.
    """
    values = codebook.values_of(codebook.question(study, question).scale)
    labels: dict[str, str] = {}
    for value in values:
        if value.code:
            labels.setdefault(value.code, words.label(value))
    return labels or {str(number): str(number) for number in range(11)}


def share_parts(maker: Maker, owner: Metric, where: Where) -> list[Segment]:
    """Return the published shares of the answers behind a metric, from the highest answers down.

    What they leave of the whole has a part of its own. Shares that overlap are no parts; nor is one
    share alone.
    """
    shares = [one for one in maker.outline.parts.get(owner.metric, ()) if one.family == SHARE]
    shares.sort(key=lambda one: _counted(maker.codebook, one), reverse=True)
    rows = [maker.facts.figure(maker.period, where, one.metric) for one in shares]
    found = [
        (maker.words.label(metric), row["value"])
        for metric, row in zip(shares, rows, strict=True)
        if row is not None and row["status"] == PUBLISHED
    ]
    if len(found) < max(len(shares), 2) or _overlap(maker.codebook, shares):
        return []
    left = WHOLE - sum(value for _, value in found)
    if left > NEARLY:
        is_asked = shares[0].base == "asked"
        rest = (maker.words("other_asked" if is_asked else "other_answers"), left)
        found.insert(len(found) if is_asked else _gap(maker.codebook, shares), rest)
    return [_segment(maker.words, label, value) for label, value in found]


def _counted(codebook: Codebook, share: Metric) -> tuple[float, float]:
    """Return the least and greatest answer that a share counts."""
    bands = [one for one in codebook.bands_of(share.study, share.metric) if one.points]
    return min(one.lower for one in bands), max(one.upper for one in bands)


def _overlap(codebook: Codebook, shares: Sequence[Metric]) -> bool:
    counted = [_counted(codebook, one) for one in shares]
    return any(below[1] >= above[0] for above, below in pairwise(counted))


def _gap(codebook: Codebook, shares: Sequence[Metric]) -> int:
    """Return the place of the answers that no share counts: where most of the scale is left out."""
    counted = [_counted(codebook, one) for one in shares]
    gaps = [above[0] - below[1] for above, below in pairwise(counted)]
    return 1 + gaps.index(max(gaps))


def net_parts(maker: Maker, owner: Metric, where: Where) -> list[Segment]:
    """Return the parts of a net score by points, summed from the published distribution.

    Only where the score has one question and every answer with points is published; shares are of
    those who gave an answer that has points.
    """
    asked = maker.codebook.questions_of_metric(owner.study, owner.metric)
    if owner.family != NET or len(asked) != 1 or where != Where(where.channel):
        return []
    question = asked[0]
    rows = maker.facts.answers(maker.period, where.channel, question)
    if not rows or any(row["status"] != PUBLISHED or row["share"] is None for row in rows):
        return []
    share = {row["answer"]: row["share"] for row in rows}
    values = maker.codebook.values_of(maker.codebook.question(owner.study, question).scale)
    labels = answer_labels(maker.codebook, maker.words, owner.study, question)
    numbers = {value.code: value.number for value in values if value.code in share}
    parts: dict[float, tuple[list[str], float]] = {}
    for code, number in numbers.items():
        points = _points(maker.codebook, owner, number)
        if code is None or points is None:
            continue
        named, total = parts.get(points, ([], 0.0))
        parts[points] = ([*named, labels[code]], total + share[code])
    whole = sum(total for _, total in parts.values())
    if not whole:
        return []
    return [
        _segment(maker.words, " / ".join(named), WHOLE * total / whole)
        for _, (named, total) in sorted(parts.items(), reverse=True)
    ]


def answer_parts(maker: Maker, question: Metric, channel: str) -> list[Segment]:
    """Return the answers of a question as parts, the most positive first; none if one is hidden."""
    rows = maker.facts.answers(maker.period, channel, question.metric)
    if not rows or any(row["status"] != PUBLISHED or row["share"] is None for row in rows):
        return []
    share = {row["answer"]: row["share"] for row in rows}
    labels = answer_labels(maker.codebook, maker.words, question.study, question.metric)
    return [
        _segment(maker.words, labels[code], share[code])
        for code in reversed(labels)
        if code in share
    ]


def _points(codebook: Codebook, metric: Metric, number: float | None) -> float | None:
    for band in codebook.bands_of(metric.study, metric.metric):
        if number is not None and band.lower <= number <= band.upper:
            return band.points
    return None


def _segment(words: Words, label: str, value: float) -> Segment:
    return Segment(label, f"{words.number(value)}\u00a0%", round(value, 2))
