"""Releases made again after answers came late or were corrected.

Every release below is attacked by somebody who has all earlier ones; nothing may leak.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_releases import Releases
from small_survey import (
    CHANNELS,
    EVERYTHING,
    INVITED,
    METHODS,
    PRODUCTS,
    QUARTERS,
    RESPONSES,
    SIZES,
    Respondent,
    Survey,
)

A = ("2020Q1", "counter", "a")
B = ("2020Q1", "counter", "b")
ALL = ("2020Q1", "all", "all")
NEVER = 99
MANY = range(int(os.environ.get("KTO_BATTERY", "0")))
DRAWN = [(seed, NEVER) for seed in MANY or (1, 8, 9, 65, 2016, 2022)] + (
    [(seed, 1 + seed % 3) for seed in MANY] or [(2, 1), (3, 1), (4, 2), (5, 3)]
)
"""Surveys that are drawn, and the release from which they have breakdowns; `KTO_BATTERY` tries as
many.

In 2016 and 2022, those who answered would tell of those who responded, were it not for witnesses;
in 1, 8 and 9 a whole year waited once, with nothing in its way; in 65 changes are left over that no
figure shows.
"""


@pytest.fixture
def made(tmp_path: Path) -> Releases:
    """Two products of 100 and 80 answers at one counter, released once."""
    made = Releases(tmp_path, Survey(with_year=False))
    made.survey.add(50, A, 7)
    made.survey.add(50, A, 9)
    made.survey.add(40, B, 6)
    made.survey.add(40, B, 8)
    assert made.release() == []
    assert made.status(*A) == "published"
    return made


def test_the_same_answers_again_are_published_as_they_were(made: Releases):
    assert made.release() == []
    assert made.status(*A) == made.status(*ALL) == "published"
    assert made.patterns[-1].report.frozen == 0


def test_three_late_answers_leave_every_figure_that_has_them_as_it_was(made: Releases):
    made.survey.add(3, A, 5)
    assert made.release() == []
    assert made.status(*A) == made.status(*ALL) == "frozen"
    assert made.status(*B) == "published"


def test_figures_follow_once_ten_late_answers_have_come(made: Releases):
    for late in (3, 3, 3):
        made.survey.add(late, A, 5)
        assert made.release() == []
        assert made.status(*A) == "frozen"
    made.survey.add(1, A, 5)
    assert made.release() == []
    assert made.status(*A) == made.status(*ALL) == "published"


def test_nine_late_answers_stay_out_and_ten_come_in(made: Releases):
    made.survey.add(9, A, 5)
    assert made.release() == []
    assert made.status(*A) == "frozen"
    made.survey.add(1, A, 5)
    assert made.release() == []
    assert made.status(*A) == "published"


def test_one_changed_answer_in_a_hundred_is_not_told(made: Releases):
    made.survey.respondents[0] = Respondent(A, 2)
    assert made.release() == []
    assert made.status(*A) == "published"  # nobody came or went
    assert made.status(*A, "grade") == "frozen"


def test_a_few_withdrawn_answers_are_not_told_either(made: Releases):
    for number in range(4):
        del made.survey.respondents[number]
    assert made.release() == []
    assert made.status(*A) == "frozen"


def test_five_here_and_five_there_are_told_together(made: Releases):
    made.survey.add(5, A, 5)
    made.survey.add(5, B, 5)
    assert made.release() == []
    assert made.status(*A) == made.status(*B) == "frozen"
    assert made.status(*ALL) == "published"


def test_nine_here_and_one_there_are_too_near_to_nine(made: Releases):
    # of ten together the nine could be at most ten, and must be able to be eleven
    made.survey.add(9, A, 5)
    made.survey.add(1, B, 5)
    assert made.release() == []
    assert made.status(*A) == made.status(*B) == made.status(*ALL) == "frozen"


def test_ten_more_here_and_one_more_there_do_not_tell_the_one(made: Releases):
    made.survey.add(10, A, 5)
    made.survey.add(1, B, 5)
    assert made.release() == []
    assert made.status(*B) == "frozen"
    assert [made.status(*A), made.status(*ALL)].count("frozen") >= 1


def test_who_came_as_another_left_counts_for_what_is_left_of_a_change(tmp_path: Path):
    # beside ten more for a, one left b, and one left c as another came: three people together
    made = Releases(tmp_path, Survey(with_year=False))
    c = ("2020Q1", "counter", "c")
    for count, place in ((50, A), (50, A), (8, B), (8, B), (9, c)):
        made.survey.add(count, place, 5 + len(made.survey.respondents) % 4)
    assert made.release() == []
    assert (made.status(*B), made.status(*c)) == ("suppressed", "suppressed")
    del made.survey.respondents[100]
    del made.survey.respondents[116]
    made.survey.add(1, c, 5)
    made.survey.add(10, A, 6)
    assert made.release() == []
    assert {made.status(*A), made.status(*ALL)} == {"published", "frozen"}


def test_a_total_that_stays_as_it_was_does_not_hold_the_year_up(tmp_path: Path):
    # four came to the counter and left the digital channel, which the total does not show
    digital = ("2020Q1", "digital", "a")
    made = Releases(tmp_path, Survey(with_year=False))
    for count, place in ((30, A), (30, A), (30, digital), (30, digital), (20, B), (20, B)):
        made.survey.add(count, place, 5 + len(made.survey.respondents) % 4)
    assert made.release() == []
    for number in range(60, 64):
        made.survey.respondents[number] = made.survey.respondents[number]._replace(place=A)
    made.survey.add(15, B, 7)
    assert made.release() == []
    assert made.patterns[-1].report.quiet == 0
    assert made.status(*A) == made.status(*digital) == "frozen"
    assert made.status(*B) == made.status(*ALL) == "published"


def test_a_cell_that_becomes_large_enough_does_not_tell_its_neighbours_of_before(tmp_path: Path):
    made = Releases(tmp_path, Survey(with_year=False))
    made.survey.add(60, A, 7)
    made.survey.add(9, B, 6)
    made.survey.add(11, ("2020Q1", "counter", "c"), 8)
    assert made.release() == []
    assert made.status(*B) == "suppressed"
    made.survey.add(2, B, 6)
    assert made.release() == []


def test_a_cell_that_most_people_left_goes(made: Releases):
    kept = {n: r for n, r in made.survey.respondents.items() if r.place == A or n % 20 == 0}
    made.survey.respondents = kept
    assert made.release() == []
    assert made.status(*B) == "suppressed"


def test_a_year_that_closes_does_not_give_away_a_quarter(tmp_path: Path):
    made = Releases(tmp_path, Survey(with_year=False))
    for quarter, counts in zip(QUARTERS, ((30, 12), (40, 4)), strict=True):
        for product, count in zip(PRODUCTS, counts, strict=False):
            made.survey.add(count, (quarter, "counter", product), 7)
            made.survey.add(count, (quarter, "counter", product), 8)
    assert made.release() == []
    made.survey.with_year = True
    assert made.release() == []
    assert made.status("2020Q2", "counter", "b") == "suppressed"


def test_a_breakdown_that_is_new_changes_nothing_that_was_there(tmp_path: Path):
    # the method that nobody answered by has an equal figure in the release without methods: 0
    survey = Survey((RESPONSES, INVITED))
    for count, quarter, method in ((14, "2020Q1", "email"), (8, "2020Q2", "email")):
        for number in range(count):
            size = "large" if number % 3 else "small"
            survey.take(Respondent((quarter, "counter", "a"), None, None, None, True, size, method))
    survey.invitations = tuple(
        Respondent((quarter, "counter", "a"), invited=True, method="letter") for quarter in QUARTERS
    )
    for count, quarter in ((20, "2020Q1"), (20, "2020Q2"), (10, "2020Q2")):
        for _ in range(count):
            survey.take(Respondent((quarter, "digital", "b"), invited=quarter == "2020Q1"))
    made = Releases(tmp_path, survey)
    assert made.release() == []
    survey.with_segment = survey.with_methods = True
    assert made.release() == []
    before, after = (
        pl.DataFrame(pattern.table).filter(pl.col("segment") == "all").drop("version", "role")
        for pattern in made.patterns
    )
    assert after.sort(after.columns).equals(before.sort(before.columns))
    assert made.patterns[-1].report.frozen == 0
    assert made.patterns[-1].report.quiet == 0


def drawn(rng: np.random.Generator) -> Respondent:
    """Somebody at some place, most often for product a, who left out a few questions."""
    grade = int(rng.integers(4, 11)) if rng.random() < 0.92 else None
    effort = int(rng.integers(1, 4)) if rng.random() < 0.92 else None
    channel = str(rng.choice(CHANNELS))
    helped = bool(rng.random() < 0.7) if channel == "counter" and rng.random() < 0.9 else None
    product = str(rng.choice(PRODUCTS, p=[0.6, 0.3, 0.1]))
    place = (str(rng.choice(QUARTERS)), channel, product)
    size = SIZES[-1] if grade is None else SIZES[grade // 4 % 2]
    invited = bool(rng.random() < 0.4)
    method = METHODS[int(grade or 0) % 3 % 2]
    return Respondent(place, grade, effort, helped, invited, size, method)


def corrected(rng: np.random.Generator, old: Respondent) -> Respondent:
    """The same respondent with another grade, another place, or both."""
    new = drawn(rng)
    if rng.random() < 0.5:
        return old._replace(grade=new.grade)
    return new if rng.random() < 0.5 else old._replace(place=new.place, helped=new.helped)


@pytest.mark.parametrize(("seed", "broken_down_from"), DRAWN)
def test_random_late_withdrawn_and_corrected_answers_never_leak(
    tmp_path: Path, seed: int, broken_down_from: int
):
    rng = np.random.default_rng(seed)
    survey = Survey(EVERYTHING)
    survey.invitations = tuple(drawn(rng) for _ in range(rng.integers(0, 20)))
    made = Releases(tmp_path, survey)
    for number, late in enumerate((rng.integers(60, 300), *rng.integers(0, 31, size=3)), start=1):
        survey.with_segment = survey.with_methods = number >= broken_down_from
        for _ in range(late):
            survey.take(drawn(rng))
        if made.patterns and seed % 2:
            numbers = rng.choice(list(survey.respondents), size=rng.integers(0, 8), replace=False)
            for respondent in numbers.tolist():
                old = survey.respondents.pop(respondent)
                if rng.random() < 0.7:
                    survey.respondents[respondent] = corrected(rng, old)
        assert made.release() == [], f"release {number}"
        assert made.patterns[-1].report.quiet == 0
