"""Parts of a whole: the groups of a net score, the shares behind a mean.

Belongs here: putting published shares side by side so that they make up a whole. Does not belong
here: any share that is not published; where one is hidden, the whole is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from dagster_project.codebook import Codebook, Metric
from dagster_project.factsheet.chosen import Chosen
from dagster_project.factsheet.contents import Segment
from dagster_project.factsheet.figures import PUBLISHED, Where
from dagster_project.factsheet.outline import NET, SHARE
from dagster_project.factsheet.words import Words

WHOLE, NEARLY = 100.0, 0.5


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


def share_parts(chosen: Chosen, owner: Metric, where: Where) -> list[Segment]:
    """Return the published shares of the answers behind a metric, from the highest answers down.

    What they leave of the whole has a part of its own. Shares that overlap are no parts; nor is one
    share alone.
    """
    shares = [
        one
        for one in chosen.outline.parts.get(owner.metric, ())
        if one.family == SHARE
        and any(band.points for band in chosen.codebook.bands_of(one.study, one.metric))
    ]
    shares.sort(key=lambda one: _counted(chosen.codebook, one), reverse=True)
    rows = [chosen.facts.figure(chosen.period, where, one.metric) for one in shares]
    found = [
        (chosen.words.label(metric), row["value"])
        for metric, row in zip(shares, rows, strict=True)
        if row is not None and row["status"] == PUBLISHED
    ]
    if len(found) < max(len(shares), 2) or _overlap(chosen.codebook, shares):
        return []
    left = WHOLE - sum(value for _, value in found)
    if left > NEARLY:
        is_asked = shares[0].base == "asked"
        rest = (chosen.words("other_asked" if is_asked else "other_answers"), left)
        found.insert(len(found) if is_asked else _gap(chosen.codebook, shares), rest)
    return [_segment(chosen.words, label, value) for label, value in found]


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


def net_parts(chosen: Chosen, owner: Metric, where: Where) -> list[Segment]:
    """Return the parts of a net score by points, summed from the published distribution.

    Only where the score has one question and every answer with points is published; shares are of
    those who gave an answer that has points.
    """
    asked = chosen.codebook.questions_of_metric(owner.study, owner.metric)
    if owner.family != NET or len(asked) != 1 or where != Where(where.channel):
        return []
    question = asked[0]
    rows = chosen.facts.answers(chosen.period, where.channel, question)
    if not rows or any(row["status"] != PUBLISHED or row["share"] is None for row in rows):
        return []
    share = {row["answer"]: row["share"] for row in rows}
    values = chosen.codebook.values_of(chosen.codebook.question(owner.study, question).scale)
    labels = answer_labels(chosen.codebook, chosen.words, owner.study, question)
    numbers = {value.code: value.number for value in values if value.code in share}
    parts: dict[float, tuple[list[str], float]] = {}
    for code, number in numbers.items():
        points = _points(chosen.codebook, owner, number)
        if code is None or points is None:
            continue
        named, total = parts.get(points, ([], 0.0))
        parts[points] = ([*named, labels[code]], total + share[code])
    whole = sum(total for _, total in parts.values())
    if not whole:
        return []
    return [
        _segment(chosen.words, " / ".join(named), WHOLE * total / whole)
        for _, (named, total) in sorted(parts.items(), reverse=True)
    ]


def answer_parts(chosen: Chosen, question: Metric, channel: str) -> list[Segment]:
    """Return the answers of a question as parts, the most positive first; none if one is hidden."""
    rows = chosen.facts.answers(chosen.period, channel, question.metric)
    if not rows or any(row["status"] != PUBLISHED or row["share"] is None for row in rows):
        return []
    share = {row["answer"]: row["share"] for row in rows}
    labels = answer_labels(chosen.codebook, chosen.words, question.study, question.metric)
    scale = chosen.codebook.question(question.study, question.metric).scale
    numbers = {one.code: one.number or 0.0 for one in chosen.codebook.values_of(scale)}
    codes = sorted(labels, key=lambda code: numbers.get(code, 0.0), reverse=True)
    return [_segment(chosen.words, labels[code], share[code]) for code in codes if code in share]


def _points(codebook: Codebook, metric: Metric, number: float | None) -> float | None:
    for band in codebook.bands_of(metric.study, metric.metric):
        if number is not None and band.lower <= number <= band.upper:
            return band.points
    return None


def _segment(words: Words, label: str, value: float) -> Segment:
    return Segment(label, f"{words.number(value)}\u00a0%", round(value, 2))
