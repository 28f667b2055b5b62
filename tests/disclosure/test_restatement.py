"""Releases made again after answers came late or were corrected.

Every release below is attacked by somebody who has all earlier ones; nothing may leak.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_survey import CHANNELS, PRODUCTS, QUARTERS, Survey

A = ("2020Q1", "counter", "a")
B = ("2020Q1", "counter", "b")
ALL = ("2020Q1", "all", "all")


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    """Two products of 100 and 80 answers at one counter, released once."""
    made = Survey(tmp_path, with_year=False)
    made.add(50, A, 7)
    made.add(50, A, 9)
    made.add(40, B, 6)
    made.add(40, B, 8)
    assert made.release() == []
    assert made.status(*A) == "published"
    return made


def test_the_same_answers_again_are_published_as_they_were(survey: Survey):
    assert survey.release() == []
    assert survey.status(*A) == survey.status(*ALL) == "published"
    assert survey.releases[-1].report.frozen == 0


def test_three_late_answers_leave_every_figure_that_has_them_as_it_was(survey: Survey):
    survey.add(3, A, 5)
    assert survey.release() == []
    assert survey.status(*A) == survey.status(*ALL) == "frozen"
    assert survey.status(*B) == "published"


def test_figures_follow_once_ten_late_answers_have_come(survey: Survey):
    for late in (3, 3, 3):
        survey.add(late, A, 5)
        assert survey.release() == []
        assert survey.status(*A) == "frozen"
    survey.add(1, A, 5)
    assert survey.release() == []
    assert survey.status(*A) == survey.status(*ALL) == "published"


def test_nine_late_answers_stay_out_and_ten_come_in(survey: Survey):
    survey.add(9, A, 5)
    assert survey.release() == []
    assert survey.status(*A) == "frozen"
    survey.add(1, A, 5)
    assert survey.release() == []
    assert survey.status(*A) == "published"


def test_one_changed_answer_in_a_hundred_is_not_told(survey: Survey):
    survey.respondents[0] = (A, 2)
    assert survey.release() == []
    assert survey.status(*A) == "published"  # nobody came or went
    assert survey.status(*A, "grade") == "frozen"


def test_a_few_withdrawn_answers_are_not_told_either(survey: Survey):
    for number in range(4):
        del survey.respondents[number]
    assert survey.release() == []
    assert survey.status(*A) == "frozen"


def test_five_here_and_five_there_are_told_together(survey: Survey):
    survey.add(5, A, 5)
    survey.add(5, B, 5)
    assert survey.release() == []
    assert survey.status(*A) == survey.status(*B) == "frozen"
    assert survey.status(*ALL) == "published"


def test_nine_here_and_one_there_are_too_near_to_nine(survey: Survey):
    # of ten together the nine could be at most ten, and must be able to be eleven
    survey.add(9, A, 5)
    survey.add(1, B, 5)
    assert survey.release() == []
    assert survey.status(*A) == survey.status(*B) == survey.status(*ALL) == "frozen"


def test_ten_more_here_and_one_more_there_do_not_tell_the_one(survey: Survey):
    survey.add(10, A, 5)
    survey.add(1, B, 5)
    assert survey.release() == []
    assert survey.status(*B) == "frozen"
    assert [survey.status(*A), survey.status(*ALL)].count("frozen") >= 1


def test_a_cell_that_becomes_large_enough_does_not_tell_its_neighbours_of_before(tmp_path: Path):
    survey = Survey(tmp_path, with_year=False)
    survey.add(60, A, 7)
    survey.add(9, B, 6)
    survey.add(11, ("2020Q1", "counter", "c"), 8)
    assert survey.release() == []
    assert survey.status(*B) == "suppressed"
    survey.add(2, B, 6)
    assert survey.release() == []


def test_a_cell_that_most_people_left_goes(survey: Survey):
    kept = {n: r for n, r in survey.respondents.items() if r[0] == A or n % 20 == 0}
    survey.respondents = kept
    assert survey.release() == []
    assert survey.status(*B) == "suppressed"


def test_a_year_that_closes_does_not_give_away_a_quarter(tmp_path: Path):
    survey = Survey(tmp_path, with_year=False)
    for quarter, counts in zip(QUARTERS, ((30, 12), (40, 4)), strict=True):
        for product, count in zip(PRODUCTS, counts, strict=False):
            survey.add(count, (quarter, "counter", product), 7)
            survey.add(count, (quarter, "counter", product), 8)
    assert survey.release() == []
    survey.with_year = True
    assert survey.release() == []
    assert survey.status("2020Q2", "counter", "b") == "suppressed"


@pytest.mark.parametrize("seed", range(6))
def test_random_late_withdrawn_and_corrected_answers_never_leak(tmp_path: Path, seed: int):
    rng = np.random.default_rng(seed)
    survey = Survey(tmp_path)
    for count in (rng.integers(120, 260), *rng.integers(0, 31, size=5)):
        for _ in range(count):
            place = (
                str(rng.choice(QUARTERS)),
                str(rng.choice(CHANNELS)),
                str(rng.choice(PRODUCTS, p=[0.6, 0.3, 0.1])),
            )
            grade = int(rng.integers(4, 11)) if rng.random() < 0.95 else None
            survey.add(1, place, grade)
        if survey.releases and seed % 2:
            for number in rng.choice(list(survey.respondents), size=rng.integers(0, 6)):
                place, _ = survey.respondents.pop(int(number), (None, None))
                if place is not None and rng.random() < 0.5:
                    survey.respondents[int(number)] = (place, int(rng.integers(4, 11)))
        assert survey.release() == [], f"release {len(survey.releases)}"
