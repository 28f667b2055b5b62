"""Groups of respondents and all of them, with the arithmetic beside each case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagster_project.report_check import Report

HEADER = "figure;kind;value;n;minimum;maximum;step;weighted;part_of;role\n"
Check = Callable[[str], Report]


def grades(total: str, *groups: str, role: str = "group") -> str:
    """Rows of `value;n`: first of all respondents, then of each group."""
    rows = [f"t;mean;{total};1;10;1;;;"]
    rows += [f";mean;{group};1;10;1;;t;{role}" for group in groups]
    return HEADER + "\n".join(rows)


def why(report: Report) -> list[str]:
    found = report.findings
    return [f"{one.rows}: {one.why}; {one.instead}" for one in found if one.rule == "groups"]


def test_a_whole_is_the_mean_of_its_groups(check: Check) -> None:
    # 49 + 118 or 119 + 248 to 251 + 36 = 451 to 455; of 58 people that is 7.78 to 7.84
    groups = ("8,2;6", "7,9;15", "7,8;32", "7,2;5")
    assert why(check(grades("7,8;58", *groups))) == []
    assert why(check(grades("7,9;58", *groups))) == [
        ("(2, 3, 4, 5, 6): its groups together make 7.78 to 7.84 (n = 58); the whole would be 7.8")
    ]


def test_several_n_are_tried_in_every_combination(check: Check) -> None:
    # 2/6, 4/15, 4/33, 2/6: 12 of 60 is 20; 1 or 2 of 5 is no +33
    rows = ["t;net;{};58|60;;;;;;", *(f";net;{group};;;;;t;group" for group in NETS)]
    text = HEADER + "\n".join(rows)
    assert why(check(text.format("+20"))) == []
    # 10 of 58 is 17.2, 11 of 60 is 18.3; the groups are 60 people with 12 net
    assert why(check(text.format("+17"))) == [
        ("(2, 3, 4, 5, 6): its groups together make 20.0 (n = 60); the whole would be 20")
    ]


NETS = ("+33;6", "+27;15", "+12;33", "+33;5|6")


def test_only_one_n_at_a_time_is_taken_for_each_group(check: Check) -> None:
    # one at 2 and two at 4 are 10 in all, two at 2 and one at 4 are 8; 9 would mix the two
    groups = ("2,0;1|2", "4,0;1|2")
    assert why(check(grades("3,3;3", *groups))) == []
    assert why(check(grades("2,7;3", *groups))) == []
    assert why(check(grades("3,0;3", *groups))) == [
        "(2, 3, 4): its groups together make 2.67 or 3.33 (n = 3); the whole would be 2.7 or 3.3"
    ]


def test_shares_of_groups_with_their_own_n_are_not_added_but_weighed(check: Check) -> None:
    # 1/18, 12/44, 28/85, 9/22: 50 of 169 = 29.6
    rows = [f";share;{each};;;;;t;group" for each in ("5,6;18", "27,3;44", "32,9;85", "40,9;22")]
    assert why(check(HEADER + "\n".join(["t;share;29,6;169;;;;;;", *rows]))) == []
    assert why(check(HEADER + "\n".join(["t;share;27,3;169;;;;;;", *rows]))) == []
    found = check(HEADER + "\n".join(["t;share;27,2;169;;;;;;", *rows]))
    assert why(found) == [
        ("(2, 3, 4, 5, 6): its groups together make 29.59 (n = 169); the whole would be 29.6")
    ]


def test_groups_that_count_up_to_another_n_are_named(check: Check) -> None:
    assert why(check(grades("7,5;10", "7,0;4", "8,0;5"))) == [
        (
            "(2, 3, 4): the n of its groups are 4 + 5 = 9, its own is 10; "
            "role among_groups if some groups are not printed"
        )
    ]
    assert why(check(grades("7,5;10", "7,0;4", "8,0;8", role="among_groups"))) == [
        (
            "(2, 3, 4): the n of its groups are 4 + 8 = 12, its own is 10; "
            "groups cannot have more respondents than all have"
        )
    ]


def test_of_many_n_the_first_few_are_told(check: Check) -> None:
    # 35 + 16 of 7, 35 + 24 of 8, 35 + 32 of 9, 35 + 40 of 10
    assert why(check(grades("7,9;7-10", "7,0;5", "8,0;2-5"))) == [
        (
            "(2, 3, 4): its groups together make 7.29 (n = 7); "
            "its groups together make 7.38 (n = 8); "
            "its groups together make 7.44 (n = 9); ...; the whole would be 7.3 or 7.4 or 7.5"
        )
    ]


def test_only_n_for_which_a_group_is_possible_are_counted(check: Check) -> None:
    # 1 of 2 is 50 and none of 3 is: 3 + 4 would be the 7 of the whole
    rows = ["t;share;43;7;;;;;;", ";share;50;2|3;;;;;t;group", ";share;25;4;;;;;t;group"]
    assert why(check(HEADER + "\n".join(rows))) == [
        (
            "(2, 3, 4): the n of its groups are 2 + 4 = 6, its own is 7; "
            "role among_groups if some groups are not printed"
        )
    ]


def test_respondents_of_groups_not_printed_must_have_been_able_to_answer_so(check: Check) -> None:
    # 50 at 8.0 is 398 to 402; 28 at 7.8 is 217 to 219, 9 at 7.9 is 71: 13 others have 108 to 114
    assert why(check(grades("8,0;50", "7,8;28", "7,9;9", role="among_groups"))) == []
    # 10 at 9.0 is 90 (89.5 to 90.5), 8 at 8.0 is 64: 26 for 2 others, who give 20 at most
    assert why(check(grades("9,0;10", "8,0;8", role="among_groups"))) == [
        (
            "(2, 3): its groups allow no such figure, whatever the 2 others answered; "
            "the whole would be 6.6 to 8.4"
        )
    ]


def test_without_n_the_whole_still_lies_between_its_groups(check: Check) -> None:
    rows = ["t;net;{};;;;;;;", *(f";net;{each};;;;;;t;group" for each in (33, 33, 22))]
    text = HEADER + "\n".join(rows)
    for value in ("28", "22", "33"):
        report = check(text.format(value))
        assert why(report) == []
        assert len(report.checked) == 4
    assert why(check(text.format("35"))) == [
        "(2, 3, 4, 5): its groups lie between 22 and 33; the whole would be 22 to 34 in any case"
    ]


def test_of_some_groups_without_n_nothing_is_known(check: Check) -> None:
    report = check(grades("9,0;", "7,0;", "8,0;", role="among_groups"))
    assert report.findings == ()
    assert [row.reason for row in report.rows] == ["no n"] * 3


def test_weighted_groups_are_held_to_their_ends_only(check: Check) -> None:
    text = grades("7,9;58", "8,2;6", "7,2;52").replace(";1;;", ";1;yes;")
    assert why(check(text)) == []
    assert len(why(check(text.replace("7,9;58", "8,4;58")))) == 1


def test_groups_without_anybody_do_not_count(check: Check) -> None:
    assert why(check(grades("8,0;10", "8,0;10", "--;0"))) == []
    assert len(why(check(grades("8,0;10", "7,9;10", "--;0")))) == 1


def test_a_group_that_is_not_printed_may_have_answered_anything(check: Check) -> None:
    # 10 at 8.0 is 80; 6 at 8.0 is 48, so 32 for 4 others: possible; 6 at 9.5 is 57: 23 for them
    assert why(check(grades("8,0;10", "8,0;6", "--;4"))) == []
    assert why(check(grades("8,0;10", "9,5;6", "--;4"))) == []
    # 10 at 4.0 is 40, 6 at 8.0 is 48
    assert len(why(check(grades("4,0;10", "8,0;6", "--;4")))) == 1


def test_a_group_off_its_scale_is_told_once(check: Check) -> None:
    report = check(grades("8,0;10", "11,0;5", "12,0;5"))
    assert [found.rule for found in report.findings] == ["scale", "scale"]


def test_an_impossible_group_is_told_once(check: Check) -> None:
    # 7.5 of nine whole grades is impossible; of the whole only its groups' ends can be said
    report = check(grades("7,4;10", "7,5;9", "7,0;1"))
    assert [found.rule for found in report.findings] == ["n"]


@pytest.mark.parametrize(
    ("total", "fine"),
    [("6,8;4", False), ("7,0;4", True), ("7,3;4", True), ("7,5;4", True), ("7,8;4", False)],
)
def test_the_same_answers_rounded_differently_are_all_allowed(
    check: Check, total: str, fine: bool
) -> None:
    # two at 7 gave 13 to 15, as 6.5 and 7.5 are ties; two at 7.5 gave 15: 28 to 30 of four
    assert (why(check(grades(total, "7;2", "7,5;2"))) == []) is fine
