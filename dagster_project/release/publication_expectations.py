"""The expectations that the table of publication must meet.

Belongs here: reasons, verdicts, norms and the range of what is judged. Does not belong here:
whether they follow from other tables, which the attack's audit recomputes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dagster_project.release.contract import Publication, Rules
from dagster_project.release.described import NEARLY, Described, between, in_set, where

TOO_FEW = "too_few_answers"
REASONS = ("always_published", "enough_answers", "enough_response", TOO_FEW)
ALL = "all"


def publication_expectations(studies: Iterable[str], rules: Rules) -> Iterator[Described]:
    """Yield what a verdict must look like, and per study which norm it is by."""
    yield "reason is one of four", *in_set("reason", list(REASONS))
    for column in ("published", "reason"):
        yield (
            f"{column} is known in published rows",
            "ExpectColumnValuesToNotBeNull",
            {"column": column, **where(status="published")},
        )
    for reason in REASONS:
        verdict = reason != TOO_FEW
        kind, arguments = in_set("published", [verdict])
        sentence = f"published is {str(verdict).lower()} where the reason is {reason}"
        yield sentence, kind, {**arguments, **where(reason=reason)}
    yield "study is one with a rule of publication", *in_set("study", sorted(rules.publications))
    for study in studies:
        if rule := rules.publications.get(study):
            yield from _of_study(study, rule, rules)


def _of_study(study: str, rule: Publication, rules: Rules) -> Iterator[Described]:
    rows = where(study=study, status="published")["where"]
    for comparison, whole, norm in (
        ("==", "over all products", rule.norm_overall),
        ("!=", "of a product", rule.norm_per_product),
    ):
        sentence = f"norm {whole} is that of the codebook, study {study}"
        these = (*rows, ("product_code", comparison, ALL))
        if norm is None:
            yield sentence, "ExpectColumnValuesToBeNull", {"column": "norm", "where": these}
        else:
            kind, arguments = in_set("norm", [norm])
            yield sentence, kind, {**arguments, "where": these}
    for column, metric in (("value", rule.judged), ("value_second_judgement", rule.second)):
        figure = rules.figures.get((study, metric or ""))
        if figure is None:
            continue
        kind, arguments = between(column, figure.lower - NEARLY, figure.upper + NEARLY)
        sentence = f"{column} lies on the scale of what is judged, study {study}"
        yield sentence, kind, {**arguments, "where": rows}
