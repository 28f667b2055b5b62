"""Rules for metrics: what each family is computed from, and which metrics hide together.

Belongs here: rules on `metrics.csv` and `metric_questions.csv`. Does not belong here: how bands
tile a scale (check_bands.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault, row_of
from dagster_project.codebook.grid import Grid, grid_of
from dagster_project.codebook.model import Metric, MetricBand, MetricQuestion, Scale
from dagster_project.codebook.roles import ROLES

DISTRIBUTION = "distribution"
_UNITS = {
    "mean": ("grade", "scale"),
    "composite": ("grade", "scale"),
    "share": ("percent",),
    "net": ("points",),
    DISTRIBUTION: ("percent",),
}
_FEWEST_ITEMS = 2


def one_family_per_id(codebook: Codebook) -> Iterator[Fault]:
    """Check that a metric id is one figure; only a distribution may share its id."""
    first: dict[tuple[str, str], Metric] = {}
    for metric in codebook.metrics:
        if metric.family == DISTRIBUTION:
            continue
        other = first.setdefault((metric.study, metric.metric), metric)
        if other is not metric:
            yield Fault(
                metric,
                "metric",
                f"'{metric.metric}' is a {other.family} in {row_of(other, metric)} already; "
                "choose another id",
            )


def families_have_their_questions(codebook: Codebook) -> Iterator[Fault]:
    """Check that a metric has one question, a composite more; a distribution is its question."""
    questions = {(row.study, row.question) for row in codebook.questions}
    for metric in codebook.metrics:
        count = len(codebook.questions_of_metric(metric.study, metric.metric))
        if metric.family == DISTRIBUTION:
            if (metric.study, metric.metric) not in questions:
                yield Fault(
                    metric,
                    "metric",
                    f"'{metric.metric}' is no question of study '{metric.study}'; "
                    "name a distribution after its question",
                )
        elif metric.family == "composite":
            if count < _FEWEST_ITEMS:
                yield Fault(
                    metric,
                    "metric",
                    f"'{metric.metric}' is a composite of {count} questions; list at least "
                    f"{_FEWEST_ITEMS} in metric_questions.csv",
                )
        elif count != 1:
            yield Fault(
                metric,
                "metric",
                f"'{metric.metric}' is a {metric.family} of {count} questions; list exactly one in "
                "metric_questions.csv",
            )


def distributions_stand_alone(codebook: Codebook) -> Iterator[Fault]:
    """Check that questions and bands belong to a figure; a distribution has neither."""
    families = defaultdict(set)
    for metric in codebook.metrics:
        families[metric.study, metric.metric].add(metric.family)
    rows: tuple[MetricQuestion | MetricBand, ...] = (
        *codebook.metric_questions,
        *codebook.metric_bands,
    )
    for row in rows:
        if families.get((row.study, row.metric)) == {DISTRIBUTION}:
            yield Fault(
                row,
                "metric",
                f"'{row.metric}' is a distribution and needs no rows here; remove this one",
            )


def families_have_their_settings(codebook: Codebook) -> Iterator[Fault]:
    """Check that the unit, base and least number of items suit the family."""
    for metric in codebook.metrics:
        units = _UNITS[metric.family]
        if metric.unit not in units:
            yield Fault(
                metric,
                "unit",
                f"a {metric.family} is not in {metric.unit}; write {' or '.join(units)}",
            )
        if metric.base == "asked" and metric.family != "share":
            yield Fault(
                metric,
                "base",
                f"a {metric.family} has no score for respondents who did not answer; "
                "write answered",
            )
        count = len(codebook.questions_of_metric(metric.study, metric.metric))
        if metric.family != "composite":
            if metric.min_items is not None:
                yield Fault(metric, "min_items", f"a {metric.family} has no items; clear the cell")
        elif metric.min_items is None:
            yield Fault(
                metric, "min_items", "a composite needs it; say how many items must be answered"
            )
        elif metric.min_items > max(count, 1):
            yield Fault(
                metric,
                "min_items",
                f"{metric.min_items} is more than its {count} items; write {count} or less",
            )


def a_new_series_is_one_for_all(codebook: Codebook) -> Iterator[Fault]:
    """Check that all that is computed from a question is not compared across its new wording.

    A mean has no definition of its own: its new series is that of the question. Others may begin
    one later, as their bands or items change.
    """
    changed = {
        (metric.study, question): metric
        for metric in codebook.metrics
        if metric.family == "mean" and metric.new_series_from is not None
        for question in codebook.questions_of_metric(metric.study, metric.metric)
    }
    for metric in codebook.metrics:
        if metric.family == DISTRIBUTION:
            continue
        for question in codebook.questions_of_metric(metric.study, metric.metric):
            mean = changed.get((metric.study, question))
            if mean is None or mean.new_series_from is None:
                continue
            if metric.new_series_from is None or metric.new_series_from < mean.new_series_from:
                yield Fault(
                    metric,
                    "new_series_from",
                    f"question '{question}' begins a new series on {mean.new_series_from} in "
                    f"{row_of(mean, metric)}, and '{metric.metric}' is computed from it; "
                    "write that day",
                )


def asked_shares_stand_beside_answers(codebook: Codebook) -> Iterator[Fault]:
    """Check that those who answered count too: the n of such a share hides nothing when few did."""
    counted = {
        (metric.study, *codebook.questions_of_metric(metric.study, metric.metric))
        for metric in codebook.metrics
        if metric.base == "answered" and metric.family != DISTRIBUTION
    }
    for metric in codebook.metrics:
        if metric.base != "asked" or metric.family != "share":
            continue
        asked = codebook.questions_of_metric(metric.study, metric.metric)
        if len(asked) == 1 and (metric.study, *asked) not in counted:
            yield Fault(
                metric,
                "base",
                f"nothing counts who answered '{asked[0]}'; add a metric on it with base answered, "
                "or a few answers would not be seen to be few",
            )


def metrics_have_numbers(codebook: Codebook) -> Iterator[Fault]:
    """Check that a figure is computed from questions whose answers are single numbers."""
    for row, scale in _questions_of_figures(codebook):
        if scale.kind == "multiple":
            yield Fault(
                row,
                "question",
                f"'{row.question}' takes several answers at once; only a distribution can show it",
            )
        elif scale.kind == "code" and grid_of(scale, codebook.values_of(scale.scale)) is None:
            yield Fault(
                row,
                "question",
                f"no answer of scale '{scale.scale}' has a number; add numbers in scale_values.csv",
            )


def items_share_a_range(codebook: Codebook) -> Iterator[Fault]:
    """Check that the items of a composite run over the same range, or their mean says nothing."""
    first: dict[tuple[str, str], tuple[MetricQuestion, Grid]] = {}
    for row, scale in _questions_of_figures(codebook):
        grid = grid_of(scale, codebook.values_of(scale.scale))
        if grid is None:
            continue
        other, range_ = first.setdefault((row.study, row.metric), (row, grid))
        if grid.ends != range_.ends:
            yield Fault(
                row,
                "question",
                f"'{row.question}' runs {' to '.join(grid.ends)} and '{other.question}' in "
                f"{row_of(other, row)} {' to '.join(range_.ends)}; combine questions of one range",
            )


def _questions_of_figures(codebook: Codebook) -> Iterator[tuple[MetricQuestion, Scale]]:
    """Pair each question of a metric with its scale, where that resolves."""
    scales = {scale.scale: scale for scale in codebook.scales}
    names = {(row.study, row.question): row.scale for row in codebook.questions}
    for row in codebook.metric_questions:
        scale = scales.get(names.get((row.study, row.question), ""))
        if scale is not None:
            yield row, scale


def distributions_list_every_answer(codebook: Codebook) -> Iterator[Fault]:
    """Check that a distribution over a number scale has a value for each whole answer."""
    questions = {(row.study, row.question): row.scale for row in codebook.questions}
    scales = {scale.scale: scale for scale in codebook.scales}
    for metric in codebook.metrics:
        scale = scales.get(questions.get((metric.study, metric.metric), ""))
        if metric.family != DISTRIBUTION or scale is None or scale.kind != "number":
            continue
        if scale.minimum is None or scale.maximum is None:
            continue
        listed = {value.code for value in codebook.values_of(scale.scale)}
        lowest, highest = _nearest(scale.minimum), _nearest(scale.maximum)
        for answer in range(lowest, highest + 1):
            if str(answer) not in listed:
                yield Fault(
                    metric,
                    "metric",
                    f"answer {answer} of scale '{scale.scale}' is not listed; "
                    "add it to scale_values.csv",
                )


def _nearest(number: float) -> int:
    """Round half away from zero, as answers are rounded to codes."""
    return int(abs(number) + 0.5) * (1 if number >= 0 else -1)


def groups_hold_together(codebook: Codebook) -> Iterator[Fault]:
    """Check that all that is computed from one question shares a disclosure group.

    A composite and its items meet in the items' questions, so this covers them too: one published
    beside the other could otherwise be subtracted.
    """
    users: defaultdict[tuple[str, str], list[Metric]] = defaultdict(list)
    for metric in codebook.metrics:
        if metric.family == DISTRIBUTION:
            users[metric.study, metric.metric].append(metric)
            continue
        for question in codebook.questions_of_metric(metric.study, metric.metric):
            users[metric.study, question].append(metric)
    told: set[tuple[Metric, Metric]] = set()
    for metric in codebook.metrics:
        if metric.disclosure_group in ROLES:
            yield Fault(
                metric,
                "disclosure_group",
                f"'{metric.disclosure_group}' is the group of counts; choose another",
            )
    for (_, question), metrics in users.items():
        other, *later = metrics
        for metric in later:
            pair = (metric, other)
            if metric.disclosure_group != other.disclosure_group and pair not in told:
                told.add(pair)
                yield Fault(
                    metric,
                    "disclosure_group",
                    f"'{metric.disclosure_group}' differs from '{other.disclosure_group}' in "
                    f"{row_of(other, metric)}, though both use question '{question}'; "
                    "give them one group",
                )
