"""The codebook judged as a whole: which rules hold between rows and files.

Belongs here: the list of checks and when each can run. Does not belong here: the rules themselves,
which live by subject in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dagster_project.codebook import (
    check_bands,
    check_columns,
    check_feeds,
    check_metrics,
    check_organisations,
    check_periods,
    check_priorities,
    check_publication,
    check_scales,
)
from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Check, Fault
from dagster_project.codebook.problems import Problem
from dagster_project.codebook.references import REFERENCES

CHECKS: tuple[tuple[Check, str], ...] = (
    (check_scales.scales_are_complete, "scale_values"),
    (check_scales.values_fit_their_scale, ""),
    (check_scales.codes_mean_one_thing, ""),
    (check_scales.no_answers_are_no_answers, ""),
    (check_scales.questions_are_answerable, ""),
    (check_scales.segments_have_codes, "scale_values"),
    (check_columns.fields_are_known, "questions"),
    (check_columns.aliases_agree, ""),
    (check_columns.formats_can_be_read, "feeds questions scales scale_values"),
    (check_columns.column_scales_fit, "studies channels products organisations"),
    (check_feeds.feeds_have_their_columns, "columns constants channels products"),
    (check_feeds.roles_have_something_to_name, "channels products"),
    (check_feeds.weights_are_everybodys, "columns constants"),
    (check_feeds.constants_are_of_no_column, "feeds columns products"),
    (check_feeds.periods_have_one_source, ""),
    (check_feeds.constant_organisations_are_of_the_study, ""),
    (check_metrics.one_family_per_id, ""),
    (check_metrics.families_have_their_questions, "questions metric_questions"),
    (check_metrics.distributions_stand_alone, "metrics"),
    (check_metrics.families_have_their_settings, "metric_questions"),
    (check_metrics.asked_shares_stand_beside_answers, "metrics metric_questions"),
    (check_metrics.metrics_have_numbers, "scale_values"),
    (check_metrics.items_share_a_range, "scale_values"),
    (check_metrics.distributions_list_every_answer, "scale_values"),
    (check_metrics.groups_hold_together, ""),
    (check_metrics.a_new_series_is_one_for_all, "metrics metric_questions"),
    (check_periods.release_days_are_of_quarters, ""),
    (check_periods.waves_are_of_studies_in_waves, ""),
    (check_periods.series_begin_with_a_period, ""),
    (check_priorities.priorities_rest_on_enough, ""),
    (check_priorities.aspects_and_overall_metrics_are_scores, "metrics"),
    (check_priorities.answers_count_once, "metrics metric_questions"),
    (check_priorities.aspects_share_a_range, "metric_questions questions scale_values"),
    (check_bands.bands_suit_the_family, "metric_bands"),
    (check_bands.bands_tile_their_scale, "metric_bands metric_questions scale_values"),
    (check_publication.rules_ask_for_something, ""),
    (check_publication.judged_metrics_are_means, "metrics metric_questions"),
    (check_publication.second_judgements_judge_the_same_answers, "metrics metric_questions"),
    (check_publication.norms_are_within_reach, "metrics questions metric_questions scale_values"),
    (check_publication.norms_have_something_to_judge, "products"),
    (check_organisations.studies_know_their_organisations, "organisations"),
    (check_organisations.benchmarks_have_somebody_to_compare_with, "organisations"),
    (check_organisations.codes_fit_their_study, ""),
    (check_organisations.organisations_exist_for_a_while, ""),
    (check_organisations.mergers_fit_the_dates, ""),
)
"""Each check with the files that must be whole for it: a row that is missing there would only make
it blame rows that are right."""


def check(codebook: Codebook, whole: Collection[str]) -> Iterator[Problem]:
    """Run every check that can run.

    Args:
        codebook: the rows that could be read.
        whole: names of the files of which every row could be read.

    """
    for reference in REFERENCES:
        if reference.target in whole:
            yield from (_told(fault) for fault in reference.faults(codebook))
    for rule, needs in CHECKS:
        if set(needs.split()) <= set(whole):
            yield from (_told(fault) for fault in rule(codebook))


def _told(fault: Fault) -> Problem:
    return Problem(fault.row.file, fault.row.row, fault.column, fault.message)
