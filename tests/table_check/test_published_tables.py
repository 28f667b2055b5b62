"""What tables give away: numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.table_check import Report, check_tables
from dagster_project.table_check.check import Finding

Check = Callable[..., Report]
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "published_services.csv"


def told(report: Report) -> list[tuple[str, str, str]]:
    return [(one.rule, one.name, one.equation) for one in report.findings]


def test_the_printed_table_of_2021_tells_how_satisfied_the_thirteen_hidden_clients_were() -> None:
    """50 whole grades with a mean of 8.0 (7.95 to 8.05) add up to 397.5 to 402.5: 398 to 402.

    28 with 7.8 (7.75 to 7.85): 217 to 219.8, so 217 to 219. 9 with 7.9 (7.85 to 7.95): 70.65 to
    71.55, so 71. Left are 13 people with 398 - 219 - 71 = 108 to 402 - 217 - 71 = 114: a mean of
    108 / 13 = 8.3077 to 114 / 13 = 8.7692.
    """
    report = check_tables(EXAMPLE)
    (group,) = report.groups
    assert group.name == "absence + diagnosis + jobcoaching + outplacement"
    assert (group.rows, group.n) == ((3, 4, 5, 6), 13)
    assert group.mean == pytest.approx((108 / 13, 114 / 13))
    assert group.equation == (
        "13 = 50 (all) - 28 (to work) - 9 (social activation); sum of answers 108 to 114 = "
        "398 to 402 (all) - 217 to 219 (to work) - 71 (social activation)"
    )


def test_the_printed_table_of_2021_is_published_on_nine_and_pins_a_service_of_one_client() -> None:
    report = check_tables(EXAMPLE)
    assert [(one.rule, one.rows, one.what) for one in report.findings] == [
        ("narrow", (6,), "n lies between 0 and 1"),
        ("small_published", (8,), "published on 9 respondents"),
    ]


def test_without_whole_grades_the_interval_is_that_of_rounding_alone(check: Check) -> None:
    """397.5 - 219.8 - 71.55 = 106.15 and 402.5 - 217 - 70.65 = 114.85, by 13."""
    report = check("service n mean\nall 50 8,0\na 28 7,8\nb 9 7,9\nc x x\nd x x")
    (group,) = report.groups
    assert group.mean == pytest.approx((106.15 / 13, 114.85 / 13))


def test_a_total_less_its_parts_gives_a_suppressed_n(check: Check) -> None:
    report = check("service n\ntotaal 60\na 40\nb 16\nc x")
    assert told(report) == [("exact", "c", "4 = 60 (all) - 40 (a) - 16 (b)")]
    assert report.findings[0].n == 4


def test_two_tables_at_once_give_what_neither_gives_alone(check: Check) -> None:
    """North b = 60 - 47 = 13, South a = 50 - 47 = 3, and South b = 40 - 3 = 37 = 50 + 47 - 60."""
    report = check(
        """
        region service n
        all    all     100
        North  all     60
        South  all     40
        all    a       50
        all    b       50
        North  a       47
        North  b       x
        South  a       *
        South  b       -
        """
    )
    assert told(report) == [
        ("exact", "North b", "13 = 60 (North) - 47 (North a)"),
        ("exact", "South a", "3 = 50 (a) - 47 (North a)"),
        ("exact", "South b", "37 = 50 (b) + 47 (North a) - 60 (North)"),
    ]


def test_nothing_follows_where_each_row_and_column_hides_two(check: Check) -> None:
    """North a can be 60 - 50 = 10 to 50, as a and b have 50 each; South a 50 - 50 = 0 to 40."""
    report = check(
        """
        region service n
        all    all     100
        North  all     60
        South  all     40
        all    a       50
        all    b       50
        North  a       x
        North  b       x
        South  a       x
        South  b       x
        """
    )
    assert report.findings == ()
    assert [(one.name, one.n) for one in report.suppressed] == [
        ("North a", (10, 50)),
        ("North b", (10, 50)),
        ("South a", (0, 40)),
        ("South b", (0, 40)),
    ]


def test_two_hidden_parts_that_are_seven_together_are_a_small_group(check: Check) -> None:
    report = check("service n\nall 50\na 43\nb x\nc x")
    assert told(report) == [("union", "b + c", "7 = 50 (all) - 43 (a)")]


@pytest.mark.parametrize(("shown", "findings"), [(41, 1), (40, 0)])
def test_a_group_of_ten_may_be_known_and_one_of_nine_may_not(
    check: Check, shown: int, findings: int
) -> None:
    report = check(f"service n\nall 50\na {shown}\nb x\nc x")
    assert (len(report.findings), len(report.groups)) == (findings, 1 - findings)


def test_a_small_group_across_tables_is_found_though_it_is_left_of_no_total(check: Check) -> None:
    """a is 30, of whom 27 in North and West; so East a + South a = 3, hidden in both other ways."""
    report = check(
        """
        region service n
        all    all     200
        all    a       30
        all    b       170
        North  a       20
        West   a       7
        East   a       x
        South  a       x
        North  b       x
        West   b       x
        East   b       x
        South  b       x
        """,
        min_n=5,
    )
    assert ("union", "East a + South a", "3 = 30 (a) - 20 (North a) - 7 (West a)") in told(report)


def test_marks_that_tell_a_limit_can_give_a_cell_away(check: Check) -> None:
    """b + c = 60 - 43 = 17, each at most 9: so each is 8 or 9."""
    report = check("service n\nall 60\na 43\nb <10\nc <10")
    assert [(one.rule, one.name, one.what) for one in report.findings] == [
        ("narrow", "b", "n lies between 8 and 9"),
        ("narrow", "c", "n lies between 8 and 9"),
    ]
    assert report.findings[0].equation == "b >= 60 (all) - 43 (a) as c <= 9 and <= 9"


@pytest.mark.parametrize(("zeros_shown", "low", "high"), [(False, 0, 14), (True, 1, 13)])
def test_a_suppressed_cell_has_somebody_only_where_the_table_shows_zeros(
    check: Check, zeros_shown: bool, low: int, high: int
) -> None:
    report = check("service n\nall 50\na 36\nb x\nc x", zeros_shown=zeros_shown)
    assert {one.n for one in report.suppressed} == {(low, high)}


def test_a_mean_that_is_all_but_the_end_of_the_scale_is_known_of_every_part(check: Check) -> None:
    """30 answers with a mean of 9.95 or more are 30 * 0.05 = 1.5 below ten in all, at most.

    One person in b may be all of that: a mean of 8.5. Four in b share it: 10 - 1.5 / 4 = 9.625 or
    more, which is closer than 5 % of the scale from 1 to 10, 0.45.
    """
    wide = check("service n mean\nall 30 10,0\na 10 10,0\nb x x\nc x x", zeros_shown=True)
    assert wide.suppressed[0].mean == pytest.approx((8.5, 10))
    narrow = check("service n mean\nall 30 10,0\na 10 10,0\nb 4-16 x\nc 4-16 x")
    assert narrow.suppressed[0].mean == pytest.approx((10 - 1.5 / 4, 10))
    assert ("narrow_mean", "b") in [(one.rule, one.name) for one in narrow.findings]


def test_breakdowns_of_one_dimension_add_up_each_by_themselves(check: Check) -> None:
    """100 - 60 = 40 for the sizes; 100 - 95 = 5 for two jobs together."""
    report = check("group n\nall 100\nsize=S 60\nsize=L x\njob=a 95\njob=b x\njob=c x")
    assert told(report) == [
        ("exact", "size=L", "40 = 100 (all) - 60 (size=S)"),
        ("union", "job=b + job=c", "5 = 100 (all) - 95 (job=a)"),
    ]


def test_a_file_of_hierarchies_says_what_adds_up(check: Check) -> None:
    """West is Town and Village; 30 - 26 = 4 in Village, though the country hides nothing small."""
    table = "place n\nCountry 90\nWest 30\nEast 60\nTown 26\nVillage x"
    hierarchy = """
    dimension parent  child
    place     Country West
    place     Country East
    place     West    Town
    place     West    Village
    """
    assert told(check(table, hierarchy)) == [("exact", "Village", "4 = 30 (West) - 26 (Town)")]


def test_a_total_without_a_row_is_not_taken_for_nobody(check: Check) -> None:
    """The service b has no row for all regions together."""
    report = check(
        """
        region service n
        all    a       50
        North  a       20
        South  a       30
        North  b       x
        South  b       x
        """
    )
    assert report.findings == ()
    assert [one.n for one in report.suppressed] == [(0, None), (0, None)]


def test_a_mean_hidden_beside_its_n_is_attacked_too(check: Check) -> None:
    """40 whole grades with 8.0: 318 to 322; 30 with 8.0: 239 to 241. Left: 77 to 83, by 10."""
    report = check("service n mean step\nall 40 8,0 1\na 30 8,0 1\nb 10 x 1")
    assert report.suppressed[0].mean == pytest.approx((7.7, 8.3))
    assert report.findings == ()


def test_means_that_contradict_each_other_are_told_and_n_is_attacked_all_the_same(
    check: Check,
) -> None:
    report = check("service n mean\nall 107 7\na 50 3,0\nb 50 4,0\nc x x")
    rules = [(one.rule, one.name) for one in report.findings]
    assert rules == [("contradiction", "the printed means"), ("exact", "c")]


def test_findings_name_the_rows_of_the_file(check: Check) -> None:
    report = check("service n\nb x\na 43\nc x\nall 50")
    found: Finding = report.findings[0]
    assert found.rows == (2, 4)


def test_a_mean_beside_a_suppressed_n_is_told_as_not_used(check: Check) -> None:
    assert check("service n mean\nall 50 8,0\na 20 8,1\nb x 7,9\nc x x").unused == (4,)


@pytest.mark.parametrize(
    ("told", "rules"),
    [
        # every small number from 8 on, 8 and 9, is less than 2 above the lower end
        ("8-20", ["narrow"]),
        # 9 is more than 2 above it
        ("3-20", []),
        # 1 is the only number of people there can be
        ("0-1", ["narrow"]),
        # 1 may miss 2 by one respondent, and need not miss anything below
        ("1-2", []),
        ("10-11", []),
        ("4-4", ["exact"]),
    ],
)
def test_an_interval_is_too_narrow_if_it_is_for_every_small_number_in_it(
    check: Check, told: str, rules: list[str]
) -> None:
    assert [one.rule for one in check(f"service n\na {told}\nb 30").findings] == rules


def test_percentages_are_means_of_0_and_100(check: Check) -> None:
    """50 % of 40 is 20 of them (49.5 to 50.5: 19.8 to 20.2), 20 % of 25 is 5: 15 of 15 are left."""
    report = check(
        "service n value minimum maximum step\n"
        "all 40 50% 0 100 100\na 25 20% 0 100 100\nb x x 0 100 100"
    )
    assert report.findings[0].n == 15
    assert report.findings[0].mean == pytest.approx((100, 100))


def test_a_total_without_a_row_leaves_its_printed_means_usable(check: Check) -> None:
    """Service b has no total over regions; 30 whole grades of 7.0 and 20 of 8.0 stand under it."""
    report = check(
        """
        region service n  mean step
        all    a       50 8,0  1
        North  a       20 8,0  1
        South  a       30 8,0  1
        North  b       30 7,0  1
        South  b       20 8,0  1
        """
    )
    assert report.findings == ()
