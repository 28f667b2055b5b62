"""Parts that do or do not add up, with the arithmetic beside each case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagster_project.report_check import Report

HEADER = "figure;kind;value;n;numerator;weighted;part_of;group;role\n"
Check = Callable[[str], Report]


def why(check: Check, *rows: str) -> list[str]:
    found = check(HEADER + "\n".join(rows)).findings
    return [f"{one.rows}: {one.why}; {one.instead}" for one in found if one.rule == "parts"]


def parts(role: str, *values: str, n: str = "", whole: str = "100") -> list[str]:
    return [f";share;{value};{n};;;{whole};;{role}" for value in values]


def test_two_parts_and_their_total_are_each_off_by_half_a_unit_at_most(check: Check) -> None:
    # 36 + 34: 35.5 to 36.5 and 33.5 to 34.5, so 69 to 71; 68 could have been 68.5, but not 69
    for total in ("69", "70", "71"):
        assert why(check, f"t;share;{total};", *parts("adds", "36", "34", whole="t")) == []
    assert why(check, "t;share;68%;", *parts("adds", "36", "34", whole="t")) == [
        "(2, 3, 4): 36 + 34 is 70, between 69 and 71 before rounding; the whole would be 69 to 71"
    ]
    assert len(why(check, "t;share;72;", *parts("adds", "36", "34", whole="t"))) == 1


def test_with_n_the_parts_are_whole_counts(check: Check) -> None:
    # of 255: 36 % is 91 to 93, 34 % is 86 or 87, so 177 to 180, which is 69.4 to 70.6
    assert why(check, "t;share;67%;255", *parts("adds", "36", "34", n="255", whole="t")) == [
        (
            "(2, 3, 4): 36 + 34 is 70, between 69 and 71 before rounding, 177 to 180 of 255; "
            "the whole would be 69 to 71"
        )
    ]
    # three times 33 % may be 100 %, but not of 58 people: 19 each, 57 in all
    assert why(check, *parts("adds", "33", "33", "33")) == []
    assert why(check, *parts("adds", "33", "33", "33", n="58")) == [
        (
            "(2, 3, 4): with n = 58, 33 + 33 + 33 is 57 respondents, the whole 58; "
            "see whether all rest on the same n and none is left out"
        )
    ]
    assert why(check, *parts("adds", "33", "33", "33", n="57|58")) == []


def test_parts_of_everybody_may_miss_100_by_half_a_unit_each(check: Check) -> None:
    assert why(check, *parts("adds", "33,4", "33,4", "33,3")) == []  # 100.1, by 0.15 at most
    assert why(check, *parts("adds", "33,4", "33,4", "33,4")) == [  # 100.2
        (
            "(2, 3, 4): 33.4 + 33.4 + 33.4 is 100.2, between 100.05 and 100.35 before rounding; "
            "3 parts of 100 add up to 99.85 to 100.15 as printed; "
            "role multiple if several answers were possible"
        )
    ]
    # twelve parts: 94 to 106
    assert why(check, *parts("adds", *["9"] * 10, "8", "8")) == []
    assert why(check, *parts("adds", *["9"] * 11, "8"))[0].startswith("(2, 3, 4, 5, 6, 7, 8, ")


def test_a_share_of_a_hundred_is_not_more_than_everybody(check: Check) -> None:
    # 99.5 to 100 less 98.5 to 99.5
    rows = [";share;100;;;;t;;adds", ";share;99;;;;t;;subtracts"]
    assert why(check, "t;share;1,5;", *rows) == []
    assert why(check, "t;share;1,8;", *rows) == [
        "(2, 3, 4): 100 - 99 is 1, between 0 and 1.5 before rounding; the whole would be 0.0 to 1.5"
    ]


def test_a_share_of_zero_is_not_less_than_nothing(check: Check) -> None:
    # 2.45 to 2.55, and twice 0 to 0.5
    assert why(check, *parts("adds", "0", "0", "100")) == []
    assert why(check, "t;share;2,0;", *parts("adds", "2,5", "0", "0", whole="t")) == [
        (
            "(2, 3, 4, 5): 2.5 + 0 + 0 is 2.5, between 2.45 and 3.55 before rounding; "
            "the whole would be 2.5 to 3.6"
        )
    ]


def test_parts_beside_others_that_are_not_printed_are_no_more_than_the_whole(check: Check) -> None:
    assert why(check, *parts("among", "71", "16", "9")) == []
    assert why(check, *parts("among", "60", "41")) == []  # 59.5 + 40.5
    assert why(check, *parts("among", "60", "42")) == [
        "(2, 3): 60 + 42 is 102, between 101 and 103 before rounding; parts cannot exceed the whole"
    ]
    assert why(check, "t;share;50;", *parts("among", "52", whole="t")) == [
        (
            "(2, 3): its part is 52, between 51.5 and 52.5 before rounding; "
            "a part cannot exceed the whole"
        )
    ]


def test_of_several_answers_each_is_no_more_than_the_whole_together_they_may_be(
    check: Check,
) -> None:
    assert why(check, *parts("multiple", "60", "73", "92")) == []
    assert why(check, "t;share;92;60", *parts("multiple", "60", "73", n="60", whole="t")) == []
    assert why(check, "t;share;72;60", *parts("multiple", "60", "75", n="60", whole="t")) == [
        (
            "(2, 4): its part is 75, between 74.5 and 75.5 before rounding, 45 of 60; "
            "a part cannot exceed the whole"
        )
    ]


def test_a_part_that_rounds_like_its_whole_may_be_as_large(check: Check) -> None:
    # 50 of 60 is 83 %, 49 of 60 is 82 %: with n, 83 % cannot be part of 82 %
    assert why(check, "t;share;82;", *parts("among", "83", whole="t")) == []
    assert why(check, "t;share;82;60", *parts("among", "83", n="60", whole="t")) == [
        (
            "(2, 3): with n = 60, 83 is 50 respondents, the whole 49; "
            "see whether all rest on the same n and none is left out"
        )
    ]


def test_counts_are_not_rounded(check: Check) -> None:
    whole = ["t;count;60;", ";count;64;;;;t;;adds"]
    assert why(check, *whole, ";count;4;;;;t;;subtracts") == []
    assert why(check, *whole, ";count;5;;;;t;;subtracts") == [
        "(2, 3, 4): 64 - 5 is 59; the whole would be 59"
    ]
    # weighted counts are: 2908.6 + 91.1 may be 2999.65 to 2999.75
    weighted = [";count;2908,60;;;yes;t;;adds", ";count;91,1;;;yes;t;;adds"]
    assert why(check, "t;count;2999,7;;;yes", *weighted) == []
    assert len(why(check, "t;count;2999,9;;;yes", *weighted)) == 1


NET = ["t;net;{};{n}", ";share;52;{n};;;t;;adds", ";share;14;{n};;;t;;subtracts"]


@pytest.mark.parametrize(
    ("net", "n", "said"),
    [
        ("38", "", []),
        ("37", "", []),  # 51.5 - 14.5
        (
            "36",
            "",
            [
                (
                    "(2, 3, 4): 52 - 14 is 38, between 37 and 39 before rounding; "
                    "the whole would be 37 to 39"
                )
            ],
        ),
        # of 255: 132 or 133 less 35 or 36 is 96 to 98, 37.6 to 38.4
        ("38", "255", []),
        (
            "37",
            "255",
            [
                (
                    "(2, 3, 4): with n = 255, 52 - 14 is 96 to 98 respondents, the whole 94 to 95; "
                    "see whether all rest on the same n and none is left out"
                )
            ],
        ),
    ],
)
def test_a_net_score_follows_from_its_shares(
    check: Check, net: str, n: str, said: list[str]
) -> None:
    assert why(check, *(row.format(net, n=n) for row in NET)) == said


def test_shares_for_and_against_are_no_more_than_everybody(check: Check) -> None:
    rows = ["t;net;38;", ";share;70;;;;t;;adds", ";share;32;;;;t;;subtracts"]
    assert why(check, *rows) == [
        "(3, 4): 70 + 32 is 102, between 101 and 103 before rounding; parts cannot exceed the whole"
    ]
    passive = [*(row.format("38", n="") for row in NET), ";share;{};;;;t;;neither"]
    assert why(check, *passive[:3], passive[3].format("34")) == []
    assert why(check, *passive[:3], passive[3].format("37")) == [
        (
            "(3, 4, 5): 52 + 14 + 37 is 103, between 101.5 and 104.5 before rounding; "
            "3 parts of 100 add up to 98.5 to 101.5 as printed; "
            "role multiple if several answers were possible"
        )
    ]


def test_weighted_shares_still_add_up_though_no_counts_are_behind_them(check: Check) -> None:
    rows = [f";share;{value};58;;yes;100;;adds" for value in ("33", "33", "33")]
    report = check(HEADER + "\n".join(rows))
    assert report.findings == ()
    assert len(report.checked) == 3
    rows[0] = ";share;44;58;;yes;100;;adds"
    assert len(why(check, *rows)) == 1


def test_different_n_are_not_counted_together(check: Check) -> None:
    rows = [";share;33;58;;;100;;adds", ";share;33;57;;;100;;adds", ";share;33;58;;;100;;adds"]
    assert why(check, *rows) == []


def test_parts_that_need_different_n_cannot_have_the_same_base(check: Check) -> None:
    # of 5 people 40 % is 2 but 67 % nothing, of 6 people 67 % is 4 but 40 % nothing
    assert why(check, *parts("among", "40", "17", n="5|6")) == [
        (
            "(2, 3): 40 + 17: no n listed makes all of them possible; "
            "see whether all rest on the same n and none is left out"
        )
    ]


def test_a_printed_count_is_that_count(check: Check) -> None:
    # 22 % of 255 is 55 to 57; printed 56, the parts are 86 + 113 + 56 = 255 and not 254
    rows = [
        ";share;34;255;86;;100;;adds",
        ";share;44;255;112;;100;;adds",
        ";share;22;255;{};;100;;adds",
    ]
    assert why(check, *rows[:2], rows[2].format(57)) == []
    assert why(check, *rows[:2], rows[2].format(56)) == [
        (
            "(2, 3, 4): with n = 255, 34 + 44 + 22 is 254 respondents, the whole 255; "
            "see whether all rest on the same n and none is left out"
        )
    ]


def test_a_part_that_is_not_printed_leaves_nothing_to_add_up(check: Check) -> None:
    report = check(HEADER + "\n".join([*parts("adds", "60", "30"), ";share;--;;;;100;;adds"]))
    assert report.findings == ()
    assert [row.reason for row in report.rows] == ["no n", "no n", "nothing is printed"]
    # unless nobody is in it
    assert len(why(check, *parts("adds", "60", "30"), ";share;--;0;;;100;;adds")) == 1


def test_sets_of_parts_of_one_whole_are_told_apart_by_their_group(check: Check) -> None:
    rows = [
        f";share;{value};;;;100;{group};adds" for group in ("sex", "Age") for value in ("50", "50")
    ]
    assert why(check, *rows) == []
    rows[3] = ";share;50;;;;100; age ;adds"
    assert why(check, *rows) == []


def test_a_figure_off_its_scale_is_told_once(check: Check) -> None:
    report = check(HEADER + "\n".join(parts("adds", "130", "20")))
    assert [found.rule for found in report.findings] == ["scale"]


def test_long_sums_are_cut_short(check: Check) -> None:
    (said,) = why(check, *parts("adds", *["10"] * 14))
    assert "10 + 10 + 2 more is 140" in said
