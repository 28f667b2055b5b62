"""How figures follow from what is published: numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from one_cell import CELL

from dagster_project.codebook import Codebook
from dagster_project.explain import Explanation, explanation_json, explanation_lines

Explain = Callable[..., Explanation]
KEY = CELL


def figure(**columns: object) -> dict[str, Any]:
    row = {**KEY, "status": "published", **columns}
    row.setdefault("n_weighted", row.get("n"))
    return row


# 165 of 200 have no or little effort, 13 have much: 100 * (165 - 13) / 200 = 76.
# Their squares: 100^2 * 178 / 200 = 8900, less 76^2 = 5776: a variance of 3124, sd 55.8928.
# 1.96 * 55.8928 / sqrt(200) = 7.7463.
NET = figure(metric="ces", n=200, value=76.0, value_rounded=76.0, margin=7.746340555384845)
# 50 % of 40 out of 252 people: 1.96 * 50 / sqrt(40) * sqrt(212 / 252) = 14.2123.
HALF = figure(
    metric="totaaloordeel_8plus",
    n=40,
    value=50.0,
    value_rounded=50.0,
    margin=1.96 * 50 / 40**0.5 * (212 / 252) ** 0.5,
)
INVITED = {
    **{name: KEY[name] for name in ("study", "organisation_code", "period", "channel")},
    "product_code": "all",
    "invited": 252,
}


def lines(found: Explanation, name: str, language: str = "en") -> list[str]:
    """The lines under a name in the margin."""
    told, under = [], ""
    for line in list(explanation_lines(found, language))[1:]:  # type: ignore[arg-type]
        under = line[:13].strip() or under
        told += [line[13:]] if under == name else []
    return told


def test_a_net_score_is_taken_apart_into_those_for_and_against(explained: Explain) -> None:
    found = explained(NET)
    assert lines(found, "value") == [
        "76 = 100 * (165 - 13) / 200: 165 for, 22 neither, 13 against",
        "n = 200, value and margin give these numbers",
    ]
    assert lines(found, "margin") == [
        "7.7463 = 1.96 * sd / sqrt(n) = 1.96 * 55.8928 / sqrt(200) (95 %)",
        (
            "sd = 55.8928, divisor n, worked back from the margin; population unknown, so no "
            "correction"
        ),
    ]


def test_a_net_score_is_the_difference_of_the_shares_that_are_published(explained: Explain) -> None:
    """133 promoters and 36 detractors of 255: 52.1569 and 14.1176 %, a score of 38.0392."""
    place = {"study": "madi", "organisation_code": "dynamo", "period": "2020", "channel": "all"}
    score = figure(metric="nps", n=255, value=9700 / 255, value_rounded=38.0, margin=None) | place
    shares = [
        figure(metric=metric, n=255, value=100 * count / 255, value_rounded=0.0) | place
        for metric, count in (("nps_promoters", 133), ("nps_detractors", 36))
    ]
    found = explained(score, *shares)
    assert lines(found, "value") == [
        "38.0392 = 52.1569 % (nps_promoters) - 14.1176 % (nps_detractors)"
    ]
    hidden = [shares[0], shares[1] | {"status": "suppressed", "value": None}]
    assert lines(explained(score, *hidden), "value") == [
        "38.0392: share that scores 100 minus share that scores -100"
    ]


@pytest.mark.parametrize(
    ("answered_the_invitation", "population", "deviation"),
    # 50 * sqrt(212 / 252) = 45.8604 without N
    [(40, 252, 50.0), (39, None, 45.8604)],
)
def test_the_invited_are_the_population_if_all_answers_are_theirs(
    explained: Explain, answered_the_invitation: int, population: int | None, deviation: float
) -> None:
    counts = {"responses": 40, "responses_invited": answered_the_invitation}
    worked = explained(HALF, responses=(INVITED | counts,)).worked
    assert worked is not None
    assert worked.population == population
    assert worked.standard_deviation == pytest.approx(deviation, abs=1e-4)


def test_a_share_is_a_count_of_n_and_its_margin_has_the_numbers_filled_in(
    explained: Explain,
) -> None:
    counts = {"responses": 40, "responses_invited": 40}
    found = explained(HALF, responses=(INVITED | counts,))
    assert lines(found, "value") == ["50 % = 100 * 20 / 40"]
    assert lines(found, "margin") == [
        (
            "14.2123 = 1.96 * sd / sqrt(n) * sqrt((N - n) / N) = "
            "1.96 * 50 / sqrt(40) * sqrt((252 - 40) / 252) (95 %)"
        ),
        "sd = 50, divisor n, worked back from the margin; N = 252: those who were invited",
    ]


def test_a_grade_is_the_sum_of_grades_by_n_and_rounded_last(explained: Explain) -> None:
    """165 / 20 = 8.25, which is 8.3 half away from zero."""
    found = explained(
        figure(metric="totaaloordeel", n=20, value=8.25, value_rounded=8.3, margin=0.5)
    )
    assert lines(found, "value") == ["8.25 = 165 / 20: sum of scores by n"]
    assert lines(found, "rounded") == [
        "8.25 -> 8.3: half away from zero, 1 behind the point, as the last step"
    ]
    assert lines(found, "scale") == ["1 to 10"]


def test_a_composite_says_how_many_of_its_items_it_asks_for(explained: Explain) -> None:
    found = explained(figure(metric="hostmanship", n=20, value=8.0, value_rounded=8.0, margin=0.5))
    assert len(lines(found, "question")) == 6
    assert lines(found, "scores") == [
        "mean per respondent of the questions answered, at least 3 of 6"
    ]


def test_a_weighted_figure_shows_no_deviation_as_its_effective_n_is_not_published(
    explained: Explain,
) -> None:
    found = explained(NET | {"n_weighted": 210.5})
    assert lines(found, "n") == ["200 respondents who answered; sum of their weights 210.5"]
    assert lines(found, "margin") == [
        "7.7463 = 1.96 * sd / sqrt(effective n): that is not published, and so sd is not"
    ]


def test_comparisons_name_period_difference_and_test(explained: Explain) -> None:
    told = {
        "previous_value": 73.5,
        "change": 2.5,
        "change_significant": False,
        "year_ago_value": 70.0,
        "year_ago_change": None,
        "benchmark_value": 65.0,
        "benchmark_organisations": 6,
        "benchmark_significant": True,
    }
    found = explained(NET | told)
    assert lines(found, "previous") == [
        (
            "2020Q3: 73.5; difference 76 - 73.5 = 2.5; not significant "
            "(Welch's t test, two-sided, 95 %)"
        )
    ]
    assert lines(found, "year ago") == ["2019Q4: 70; not compared, as wording or scale changed"]
    assert lines(found, "benchmark") == [
        (
            "mean of the unrounded values of 6 other organisations (at least 3): 65; difference "
            "76 - 65 = 11; significant (Welch's t test, two-sided, 95 %)"
        )
    ]


def test_a_year_is_compared_with_the_year_before_once(explained: Explain) -> None:
    told = {"previous_value": 70.0, "change": 6.0, "year_ago_value": 70.0, "year_ago_change": 6.0}
    found = explained(NET | told | {"period": "2020"})
    assert [one.what for one in found.compared] == ["previous"]


def test_a_revision_is_told_with_its_day_and_reason(explained: Explain) -> None:
    assert lines(explained(NET), "period") == ["final since 2021-01-15", "never revised"]
    found = explained(NET, revised="counted twice")
    assert lines(found, "period") == [
        "final since 2021-01-15",
        "revised on 2021-03-01 (revision 1): counted twice",
    ]


def test_a_suppressed_figure_tells_the_rule_and_nothing_of_itself(explained: Explain) -> None:
    hidden = {**KEY, "metric": "ces", "status": "suppressed"}
    found = explained(hidden)
    assert list(explanation_lines(found, "en")) == [
        "GM0637 2020Q4 ces counter (nvvb): suppressed",
        (
            "suppressed   A figure on fewer than 10 respondents is suppressed, and so are the "
            "figures that would give it away."
        ),
        (
            "what         Customer Effort Score: Share with no or little effort minus share with "
            "much or very much effort"
        ),
        "question     Effort the customer had to make (moeite)",
        "scale        1 none; 2 little; 3 not much and not little; 4 much; 5 very much",
        "scores       1 to 2: 100; 3: 0; 4 to 5: -100",
        "release      20210115T060000Z-aaaaaaaa of 2021-01-15",
    ]
    told = explanation_json(found)
    assert set(told) == {"release", "time", "figure", "metric", "measured", "rule", "missing"}
    shown = {name for name, value in told["figure"].items() if value is not None}
    assert shown == {*KEY, "metric", "status"}


def test_a_bare_copy_says_what_is_missing_and_where_it_is(explained: Explain) -> None:
    found = explained(NET)
    assert found.deliveries is None
    assert lines(found, "missing") == [
        (
            "files and rows of the deliveries: they are in the home that made the release; its "
            "manifest names 2 deliveries by their hash"
        )
    ]


def test_a_codebook_without_the_study_is_missed_and_no_deviation_is_guessed(
    explained: Explain, codebook: Codebook
) -> None:
    bare = replace(codebook, studies=(), metrics=(), metric_bands=(), metric_questions=())
    found = explained(NET, book=bare)
    assert found.missing == ("codebook", "deliveries")
    assert lines(found, "margin") == [
        "7.7463: whether a finite population counts is in the codebook of the survey"
    ]
    assert lines(found, "value") == ["76: share that scores 100 minus share that scores -100"]


def test_the_same_is_told_in_dutch(explained: Explain) -> None:
    found = explained(NET)
    assert lines(found, "waarde", "nl")[0] == (
        "76 = 100 * (165 - 13) / 200: 165 voor, 22 neutraal, 13 tegen"
    )
    assert lines(found, "vraag", "nl") == ["Moeite die de klant moest doen (moeite)"]


def test_json_has_the_published_row_and_all_that_is_worked_back(explained: Explain) -> None:
    told = explanation_json(explained(NET))
    assert told["figure"]["value"] == 76.0
    assert told["worked_back"]["net"] == {"for_": 165, "neither": 22, "against": 13}
    assert told["checks"] == ["attack", "final_unchanged"]
    assert told["deliveries"] is None
