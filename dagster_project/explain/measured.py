"""What a metric measures, by the codebook: questions, scales, scores.

Belongs here: codebook rows as values to show. Does not belong here: figures.
"""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.codebook import Codebook
from dagster_project.codebook.model import Metric

DISTRIBUTION = "distribution"


@dataclass(frozen=True)
class Both:
    """A text in Dutch and in English."""

    nl: str
    en: str

    def of(self, language: str) -> str:
        """Return it in a language, `nl` or `en`."""
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True)
class Question:
    """A question: its wording, and its answers as (code, label), or the ends of a number scale."""

    question: str
    wording: Both
    answers: tuple[tuple[str, Both], ...]
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class Band:
    """Answers from `lower` to `upper` count as `points`; None: as themselves."""

    lower: float
    upper: float
    points: float | None


@dataclass(frozen=True)
class Measured:
    """A metric: its questions, how answers score, and what a composite asks for."""

    questions: tuple[Question, ...]
    bands: tuple[Band, ...]
    min_items: int | None


def metric_in(codebook: Codebook, study: str, metric: str) -> Metric | None:
    """Return a metric other than a distribution; None if the codebook lacks it."""
    found = (m for m in codebook.metrics_of(study) if m.metric == metric)
    return next((m for m in found if m.family != DISTRIBUTION), None)


def measured(codebook: Codebook, metric: Metric) -> Measured:
    """Return what the codebook says of a metric."""
    names = codebook.questions_of_metric(metric.study, metric.metric)
    return Measured(
        tuple(_question(codebook, metric.study, name) for name in names),
        tuple(
            Band(one.lower, one.upper, one.points)
            for one in codebook.bands_of(metric.study, metric.metric)
        ),
        metric.min_items,
    )


def _question(codebook: Codebook, study: str, name: str) -> Question:
    found = codebook.question(study, name)
    scale = codebook.scale(found.scale)
    answers = {
        value.code: Both(value.label_nl, value.label_en)
        for value in reversed(codebook.values_of(found.scale))
        if value.code is not None
    }
    return Question(
        name,
        Both(found.label_nl, found.label_en),
        tuple(reversed(answers.items())),
        scale.minimum,
        scale.maximum,
    )
