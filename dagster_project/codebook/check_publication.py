"""Rules for publication: what is judged, by which norm, and what response it takes.

Belongs here: rules on `publication_rules.csv`. Does not belong here: applying them.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault
from dagster_project.codebook.grid import grid_of
from dagster_project.codebook.model import Metric

_JUDGED = frozenset({"mean", "composite"})
_MINIMA = ("min_response_rate", "min_answers")
_NORMS = ("norm_overall", "norm_per_product")


def rules_ask_for_something(codebook: Codebook) -> Iterator[Fault]:
    """Check that a rule asks for a response, or publishes always, and not both."""
    for rule in codebook.publication_rules:
        asked = [name for name in _MINIMA if getattr(rule, name) is not None]
        if not rule.always_published and not asked:
            yield Fault(
                rule,
                "min_answers",
                "the rule asks for no response; fill in min_response_rate or min_answers, or write "
                "true in always_published",
            )
        if rule.always_published:
            for name in asked:
                yield Fault(rule, name, "what is always published needs no response; clear it")


def judged_metrics_are_means(codebook: Codebook) -> Iterator[Fault]:
    """Check that what is judged is a mean of answers, of which more is better."""
    for rule in codebook.publication_rules:
        judged = _figure(codebook, rule.study, rule.judged_metric)
        if judged is None:
            continue
        if judged.family not in _JUDGED:
            yield Fault(
                rule,
                "judged_metric",
                f"'{judged.metric}' is a {judged.family}; name a mean or composite",
            )
        elif not judged.higher_is_better:
            yield Fault(
                rule,
                "judged_metric",
                f"less is better for '{judged.metric}', and a norm is a least; name another metric",
            )


def second_judgements_judge_the_same_answers(codebook: Codebook) -> Iterator[Fault]:
    """Check that a second judgement recodes the answers of the first, and that a norm asks for it.

    It is then hidden with the first: everything on one question shares a disclosure group.
    """
    for rule in codebook.publication_rules:
        second = _figure(codebook, rule.study, rule.second_judgement_metric or "")
        if second is None:
            continue
        questions = codebook.questions_of_metric(rule.study, rule.judged_metric)
        same = codebook.questions_of_metric(rule.study, second.metric) == questions
        recoded = bool(codebook.bands_of(rule.study, second.metric))
        if second.family != "mean" or not same or not recoded:
            yield Fault(
                rule,
                "second_judgement_metric",
                f"'{second.metric}' does not count the answers behind '{rule.judged_metric}' anew; "
                "name a mean with bands on the same question",
            )
        if all(getattr(rule, name) is None for name in _NORMS):
            yield Fault(
                rule,
                "second_judgement_metric",
                "only who stays below a norm is judged again; fill in a norm or clear the cell",
            )


def norms_are_within_reach(codebook: Codebook) -> Iterator[Fault]:
    """Check that a norm lies on the scale of what it judges."""
    scales = {scale.scale: scale for scale in codebook.scales}
    names = {(row.study, row.question): row.scale for row in codebook.questions}
    for rule in codebook.publication_rules:
        for question in codebook.questions_of_metric(rule.study, rule.judged_metric)[:1]:
            scale = scales.get(names.get((rule.study, question), ""))
            if scale is None:
                continue
            grid = grid_of(scale, codebook.values_of(scale.scale))
            if grid is None:
                continue
            lowest, highest = grid.ends
            for name in _NORMS:
                norm = getattr(rule, name)
                if norm is not None and not float(lowest) <= norm <= float(highest):
                    yield Fault(
                        rule,
                        name,
                        f"{norm:g} is outside scale '{scale.scale}', which runs {lowest} to "
                        f"{highest}; write a norm within it",
                    )


def norms_have_something_to_judge(codebook: Codebook) -> Iterator[Fault]:
    """Check that only a study with products has a norm for each of them."""
    for rule in codebook.publication_rules:
        if rule.norm_per_product is not None and not codebook.products_of(rule.study):
            yield Fault(
                rule,
                "norm_per_product",
                f"study '{rule.study}' has no products; clear the cell",
            )


def _figure(codebook: Codebook, study: str, metric: str) -> Metric | None:
    """Find the metric that is a figure, no distribution."""
    found = (
        row
        for row in codebook.metrics_of(study)
        if row.metric == metric and row.family != "distribution"
    )
    return next(found, None)
