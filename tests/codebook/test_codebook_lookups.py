"""Rows of the codebook are found by id, typed and in file order."""

from __future__ import annotations

from datetime import date

import pytest
from tiny_codebook import Seeds

from dagster_project.codebook import Codebook, Column, Organisation, Study, load_codebook


@pytest.fixture
def codebook(tiny: Seeds) -> Codebook:
    return load_codebook(tiny.folder)


def test_cells_have_the_type_of_their_column(codebook: Codebook):
    assert codebook.study("port") == Study(
        study="port",
        label_nl="Haven",
        label_en="Port",
        timing="wave",
        organisation_kind="harbour",
        code_prefix=None,
        code_digits=None,
        min_n=10,
        starts_on=date(2010, 1, 1),
        release_day=None,
        max_bad_rows_pct=12.5,
        hold_bad_rows_pct=7.5,
        max_revisions=0,
        population="unknown",
        benchmark_method="mean_of_others",
        benchmark_min_organisations=3,
        priority_method="regression",
        priority_min_n=30,
        benchmark_among="all",
    )


def test_columns_keep_their_aliases_and_rows(codebook: Codebook):
    aliases = [c for c in codebook.columns_of("desk_walk_in") if c.field == "contact_date"]
    assert aliases == [
        Column("desk_walk_in", "contact_date", "day", required=True, format="%d/%m/%Y", scale=None),
        Column(
            "desk_walk_in", "contact_date", "date", required=True, format="%d/%m/%Y", scale=None
        ),
    ]
    assert [column.row for column in aliases] == [4, 5]


def test_lookups_of_several_rows_are_empty_for_an_unknown_id(codebook: Codebook):
    assert codebook.columns_of("x") == ()
    assert codebook.organisations_of("x") == ()
    assert codebook.no_answers_of("x") == frozenset()


def test_a_lookup_of_one_row_fails_for_an_unknown_id(codebook: Codebook):
    with pytest.raises(KeyError):
        codebook.feed("x")


def test_organisations_of_a_study_are_those_of_its_kind(codebook: Codebook):
    assert codebook.organisations_of("port") == (
        Organisation("P1", "Haven", "harbour", None, None, None),
    )
    assert [row.organisation_code for row in codebook.organisations_of("desk")] == ["TN01", "TN02"]


def test_no_answers_are_found_from_the_scale_and_from_the_list_itself(codebook: Codebook):
    assert codebook.no_answers_of("tens") == {"-1", "88"}
    assert codebook.no_answers_of("nothing") == {"-1", "88"}
    assert codebook.no_answers_of("how") == frozenset()


def test_metrics_know_their_questions_and_bands(codebook: Codebook):
    assert codebook.questions_of_metric("desk", "manner") == ("patience", "clarity")
    assert codebook.questions_of_metric("desk", "told") == ()
    assert [band.points for band in codebook.bands_of("desk", "ease")] == [100, -100]
    assert [
        metric.family for metric in codebook.metrics_of("desk") if metric.metric == "grade"
    ] == [
        "mean",
        "distribution",
    ]


def test_blank_limits_of_a_study_are_the_usual_ones(codebook: Codebook):
    desk = codebook.study("desk")
    assert (desk.release_day, desk.hold_bad_rows_pct, desk.max_revisions) == (20, 5.0, 3)


def test_the_fieldwork_of_a_wave_ends_on_its_day_if_the_codebook_tells(codebook: Codebook):
    assert codebook.fieldwork_ended_on("port", "2016") == date(2016, 12, 11)
    assert codebook.fieldwork_ended_on("port", "2017") is None
    assert [wave.period for wave in codebook.waves] == ["2016"]


def test_a_metric_is_found_by_its_family_too(codebook: Codebook):
    assert codebook.metric("desk", "grade", "mean").unit == "grade"
    assert codebook.metric("desk", "grade", "distribution").unit == "percent"
