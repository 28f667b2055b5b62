"""Rules for priorities: which metrics are aspects, and of what.

Belongs here: rules on `overall_metric` of `metrics.csv` and on the priorities of a study. Does not
belong here: how importance is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault, row_of
from dagster_project.codebook.grid import Grid, grid_of
from dagster_project.codebook.model import Metric

_SCORES = frozenset({"mean", "composite"})


def priorities_rest_on_enough(codebook: Codebook) -> Iterator[Fault]:
    """Check that importance rests on at least as many respondents as any figure."""
    for study in codebook.studies:
        if study.priority_min_n < study.min_n:
            yield Fault(
                study,
                "priority_min_n",
                f"{study.priority_min_n} is below min_n {study.min_n}, under which nothing is "
                f"published; write {study.min_n} or more",
            )


def aspects_and_overall_metrics_are_scores(codebook: Codebook) -> Iterator[Fault]:
    """Check that both sides are means of answers, of which more is better."""
    families = defaultdict(set)
    for metric in codebook.metrics:
        families[metric.study, metric.metric].add(metric.family)
    for aspect in _aspects(codebook):
        overall = families.get((aspect.study, aspect.overall_metric or ""))
        if aspect.family not in _SCORES:
            yield Fault(aspect, "overall_metric", f"a {aspect.family} is no aspect; clear the cell")
        elif not aspect.higher_is_better:
            yield Fault(
                aspect,
                "overall_metric",
                f"less is better for '{aspect.metric}', so its figure is no satisfaction; "
                "clear the cell",
            )
        elif overall and not overall & _SCORES:
            yield Fault(
                aspect,
                "overall_metric",
                f"'{aspect.overall_metric}' is no mean or composite; name one",
            )


def answers_count_once(codebook: Codebook) -> Iterator[Fault]:
    """Check that an aspect shares no question with its overall metric or with another aspect."""
    users: dict[tuple[str, str | None, str], Metric] = {}
    for aspect in _aspects(codebook):
        questions = codebook.questions_of_metric(aspect.study, aspect.metric)
        overall = codebook.questions_of_metric(aspect.study, aspect.overall_metric or "")
        if shared := [question for question in questions if question in overall]:
            yield Fault(
                aspect,
                "overall_metric",
                f"'{aspect.overall_metric}' is computed from question '{shared[0]}' too; "
                "name another or clear the cell",
            )
        for question in questions:
            key = (aspect.study, aspect.overall_metric, question)
            other = users.setdefault(key, aspect)
            if other is not aspect:
                yield Fault(
                    aspect,
                    "overall_metric",
                    f"question '{question}' counts in aspect '{other.metric}' in "
                    f"{row_of(other, aspect)} already; keep one of the two",
                )
                break


def aspects_share_a_range(codebook: Codebook) -> Iterator[Fault]:
    """Check that aspects that are held beside one another run over the same range."""
    first: dict[tuple[str, str | None], tuple[Metric, Grid]] = {}
    for aspect in _aspects(codebook):
        grid = _grid(codebook, aspect)
        if grid is None:
            continue
        other, range_ = first.setdefault((aspect.study, aspect.overall_metric), (aspect, grid))
        if grid.ends != range_.ends:
            yield Fault(
                aspect,
                "overall_metric",
                f"'{aspect.metric}' runs {' to '.join(grid.ends)} and aspect '{other.metric}' in "
                f"{row_of(other, aspect)} {' to '.join(range_.ends)}; keep aspects of one range",
            )


def _aspects(codebook: Codebook) -> Iterator[Metric]:
    return (metric for metric in codebook.metrics if metric.overall_metric is not None)


def _grid(codebook: Codebook, metric: Metric) -> Grid | None:
    """Range of a metric's first question, where it has one of numbers."""
    scales = {scale.scale: scale for scale in codebook.scales}
    questions = {(row.study, row.question): row.scale for row in codebook.questions}
    for question in codebook.questions_of_metric(metric.study, metric.metric):
        scale = scales.get(questions.get((metric.study, question), ""))
        if metric.family in _SCORES and scale is not None:
            return grid_of(scale, codebook.values_of(scale.scale))
    return None
