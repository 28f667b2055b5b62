"""The rules of the codebook, which are public, in the form that the audit takes.

Belongs here: rules by which derived tables are made. Does not belong here: figures.
"""

from __future__ import annotations

from dagster_project.codebook import Codebook
from dagster_project.disclosure.audit import Priorities, Publication


def priorities_of(codebook: Codebook) -> Priorities:
    """Read from the codebook which metric is an aspect of which."""
    return Priorities(
        overall={
            (metric.study, metric.metric): metric.overall_metric
            for metric in codebook.metrics
            if metric.overall_metric is not None
        },
        least={study.study: study.priority_min_n for study in codebook.studies},
        min_n={study.study: study.min_n for study in codebook.studies},
    )


def publications_of(codebook: Codebook) -> dict[str, Publication]:
    """Read from the codebook what each study publishes, and by which norm."""
    return {
        rule.study: Publication(
            judged=rule.judged_metric,
            second=rule.second_judgement_metric,
            least_rate=rule.min_response_rate,
            least_answers=rule.min_answers,
            always=rule.always_published,
            norm=rule.norm_overall,
            norm_of_product=rule.norm_per_product,
        )
        for rule in codebook.publication_rules
    }
