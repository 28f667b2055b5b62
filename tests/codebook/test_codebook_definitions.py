"""The definition of a metric changes with what it means, and with nothing else."""

from __future__ import annotations

import pytest
from tiny_codebook import Seeds

from dagster_project.codebook import read_codebook

Key = tuple[str, str, str]
GRADE = ("desk", "grade", "mean")
GRADES = ("desk", "grade", "distribution")
GOOD = ("desk", "grade_good", "share")
EASE = ("desk", "ease", "net")
MANNER = ("desk", "manner", "composite")
PATIENCE = ("desk", "patience", "mean")
TOLD = ("desk", "told", "distribution")
STARS = ("port", "stars", "mean")
ALL = (GRADE, GRADES, GOOD, EASE, MANNER, PATIENCE, TOLD, STARS)
ON_TENS = {GRADE, GRADES, GOOD, MANNER, PATIENCE}


def definitions(seeds: Seeds) -> dict[Key, str]:
    codebook, _ = read_codebook(seeds.folder)
    return {key: codebook.definition_of(*key) for key in ALL}


@pytest.mark.parametrize(
    ("change", "metrics"),
    [
        # the second band of grade_good ends at 2 instead of 2.4
        ("set metric_bands 3 upper 2", {GOOD}),
        ("set metric_bands 4 points 50", {EASE}),
        ("set metrics 3 base answered", {GOOD}),
        ("set metrics 2 decimals 2", {GRADE}),
        ("set metrics 5 min_items 2", {MANNER}),
        ("set metrics 6 overall_metric", {PATIENCE}),
        # manner is of patience and clarity: another item, or an item on another scale
        ("set metric_questions 6 question grade", {MANNER}),
        ("drop metric_questions 6", {MANNER}),
        ("set questions 5 scale five", {MANNER}),
        ("set scales 2 maximum 4", ON_TENS),
        # the third answer of five is worth 3 instead of 4, or a 1 in a file means 3
        ("set scale_values 5 number 3", {EASE, STARS}),
        ("set scale_values 2 code 3", {EASE, STARS}),
        ("add scale_values topics,c,c,,snelheid,speed", {TOLD}),
    ],
)
def test_changes_for_the_metrics_whose_meaning_changes(tiny: Seeds, change: str, metrics: set[Key]):
    before = definitions(tiny)
    tiny.apply(change)
    after = definitions(tiny)
    assert {key for key in ALL if before[key] != after[key]} == metrics


@pytest.mark.parametrize(
    "change",
    [
        "set metrics 2 label_nl Rapportcijfer",
        "set metrics 2 definition_en The mean of all grades",
        "set metrics 2 disclosure_group marks",
        "set metrics 2 new_series_from 2022-01-01",
        "set questions 2 label_en Mark",
        "set scale_values 2 label_nl eentje",
        "set studies 2 min_n 12",
        # one more spelling of the second answer, and one more way to say nothing
        "add scale_values five,Two,2,2.5,twee,two",
        "add scale_values nothing,99,,,geen,none",
        "add products desk,permit,Vergunning,Permit,,",
    ],
)
def test_stays_when_only_words_or_spellings_change(tiny: Seeds, change: str):
    before = definitions(tiny)
    tiny.apply(change)
    assert definitions(tiny) == before


def test_does_not_depend_on_the_order_of_rows(tiny: Seeds):
    before = definitions(tiny)
    for path in tiny.folder.glob("*.csv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([header, *reversed(rows)]), encoding="utf-8")
    assert definitions(tiny) == before


def test_tells_metrics_apart(tiny: Seeds):
    assert len(set(definitions(tiny).values())) == len(ALL)


def test_a_metric_that_is_not_there_has_none(tiny: Seeds):
    codebook, _ = read_codebook(tiny.folder)
    with pytest.raises(KeyError):
        codebook.definition_of("desk", "grade", "share")
