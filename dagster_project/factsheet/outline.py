"""What the metrics of a study are to each other, read from the codebook.

Belongs here: which metrics head a factsheet, which are parts of others, which stand by themselves.
Does not belong here: figures, words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dagster_project.codebook import Codebook, Metric

DISTRIBUTION, SHARE, MEAN, NET, COMPOSITE = "distribution", "share", "mean", "net", "composite"
GRADE = "grade"


@dataclass(frozen=True)
class Outline:
    """The metrics of a study, each in one place, in the order of the codebook.

    `headline`: overall figures, net scores and composites. `parts`: by metric, the shares of the
    same answers and, for a composite, its items. `aspects`: the other means, by unit. `statements`:
    the other shares. `questions`: those that have a distribution.
    """

    headline: tuple[Metric, ...]
    parts: Mapping[str, tuple[Metric, ...]]
    aspects: Mapping[str, tuple[Metric, ...]]
    statements: tuple[Metric, ...]
    questions: tuple[Metric, ...]

    @property
    def lead(self) -> tuple[Metric, ...]:
        """The figures that can stand for all, the first choice first."""
        return self.headline or self.statements


def outline_of(codebook: Codebook, study: str) -> Outline:
    """Sort the metrics of a study by what they are to each other."""
    metrics = codebook.metrics_of(study)
    seconds = {
        rule.second_judgement_metric for rule in codebook.publication_rules if rule.study == study
    }
    plain = [one for one in metrics if one.family != DISTRIBUTION and one.metric not in seconds]
    overall = _overall(codebook, study, plain)
    headline = tuple(
        one for one in plain if one.metric in overall or one.family in (NET, COMPOSITE)
    )
    parts = {one.metric: _parts(codebook, one, plain) for one in plain if one.family != SHARE}
    placed = {one.metric for one in headline}
    placed |= {one.metric for owner in headline for one in parts[owner.metric]}
    placed |= {one.metric for owned in parts.values() for one in owned if one.family == SHARE}
    means = [one for one in plain if one.family == MEAN and one.metric not in placed]
    return Outline(
        headline=headline,
        parts={owner: owned for owner, owned in parts.items() if owned},
        aspects={
            unit: tuple(one for one in means if one.unit == unit)
            for unit in dict.fromkeys(one.unit for one in means)
        },
        statements=tuple(one for one in plain if one.family == SHARE and one.metric not in placed),
        questions=tuple(one for one in metrics if one.family == DISTRIBUTION),
    )


def _overall(codebook: Codebook, study: str, plain: list[Metric]) -> set[str]:
    """Name what aspects belong to or a rule judges; else the first grade."""
    named = {one.overall_metric for one in plain if one.overall_metric}
    named |= {rule.judged_metric for rule in codebook.publication_rules if rule.study == study}
    grades = [one.metric for one in plain if one.family == MEAN and one.unit == GRADE]
    return named or set(grades[:1])


def _parts(codebook: Codebook, owner: Metric, plain: list[Metric]) -> tuple[Metric, ...]:
    asked = set(codebook.questions_of_metric(owner.study, owner.metric))
    return tuple(
        one
        for one in plain
        if one.metric != owner.metric
        and (
            (one.family == SHARE and _asked(codebook, one) == asked)
            or (owner.family == COMPOSITE and one.family == MEAN and _asked(codebook, one) <= asked)
        )
    )


def _asked(codebook: Codebook, metric: Metric) -> set[str]:
    return set(codebook.questions_of_metric(metric.study, metric.metric))
