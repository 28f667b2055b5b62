"""One printed figure and its own row; the arithmetic beside each case was done by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagster_project.report_check import Report

HEADER = "kind;value;n;numerator;minimum;maximum;step;weighted\n"
Check = Callable[[str], Report]


def why(check: Check, row: str) -> list[str]:
    return [f"{found.why}; {found.instead}" for found in check(HEADER + row).findings]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        # 67/9 = 7.44, 68/9 = 7.56
        (
            "mean;7,5;9;;1;10;1",
            (
                "no sum of 9 answers of 1 to 10 gives it; "
                "nearest possible with n = 9: 7.4 (67) and 7.6 (68)"
            ),
        ),
        # half grades: 20.5/4 = 5.125, 21/4 = 5.25
        (
            "mean;5.20;4;;1;10;0.5",
            (
                "no sum of 4 answers of 1 to 10 in steps of 0.5 gives it; "
                "nearest possible with n = 4: 5.13 (20.5) and 5.25 (21)"
            ),
        ),
        # 36/58 = 62.07, 37/58 = 63.79
        (
            "share;63%;58",
            "no count out of 58 gives it; nearest possible with n = 58: 62 (36) and 64 (37)",
        ),
        # net counts: -2/6 = -33.3, -1/6 = -16.7
        (
            "net;-30;6",
            "no net count out of 6 gives it; nearest possible with n = 6: -33 (-2) and -17 (-1)",
        ),
        # 2/3 = 66.7, 2/4 = 50, 3/4 = 75
        (
            "share;70;3|4",
            (
                "no count out of 3-4 gives it; "
                "nearest possible with n = 3: 67 (2) and 100 (3); "
                "nearest possible with n = 4: 50 (2) and 75 (3)"
            ),
        ),
        # one answer of 1 to 5 in all; nothing above 5
        (
            "mean;4,5;1;;1;5;1",
            (
                "no sum of 1 answer of 1 to 5 gives it; nearest possible with n = 1: 4.0 (4) "
                "and 5.0 (5)"
            ),
        ),
        ("share;50;0", "n = 0: nobody answered; no figure can be printed"),
        ("share;0;0;0", "n = 0: nobody answered; no figure can be printed"),
        ("count;61;58|60", "it is more than all 58 or 60; it is 60 at most"),
        ("mean;10,2;;;1;10", "it lies outside its scale; that begins at 1 and ends at 10"),
        ("mean;0,4;;;1;;", "it lies outside its scale; that begins at 1"),
        ("share;101%;", "it lies outside its scale; that begins at 0 and ends at 100"),
        ("net;-101;", "it lies outside its scale; that begins at -100 and ends at 100"),
        # weights excuse no share above 100
        ("share;101;;;;;;yes", "it lies outside its scale; that begins at 0 and ends at 100"),
    ],
)
def test_says_what_no_respondents_can_give(check: Check, row: str, said: str) -> None:
    assert why(check, row) == [said]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        # 58/255 = 22.745; 54.5 -> 21.37, 55 -> 21.57, 57 -> 22.35, 58 -> 22.7
        (
            "share;22%;255;58",
            "58 of 255 is 22.7, which rounds to 23 (22% is cut off); it would take 55 to 57 of 255",
        ),
        # 334/2500 = 13.36; 15.5 % = 387.5, 16.5 % = 412.5
        (
            "share;16%;2.500;334",
            "334 of 2500 is 13.4, which rounds to 13; it would take 388 to 412 of 2500",
        ),
        # 43/86 = 50.0, 42/86 = 48.8, 44/86 = 51.2
        ("net;49;86;43", "43 of 86 is 50.0, which rounds to 50; it would take 42 of 86"),
        # 67/9 = 7.44
        (
            "mean;7,5;9;67;1;10;1",
            "67 over 9 is 7.44, which rounds to 7.4; nothing over 9 gives it",
        ),
        ("mean;7,5;9;67,5;1;10;1", "67.5 over 9 is no sum of answers; nothing over 9 gives it"),
        # 224.5/30 = 7.48 is 7.5, but whole grades have no such sum
        (
            "mean;7,5;30;224,5;1;10;1",
            "224.5 over 30 is no sum of answers; it would take 224 to 226 over 30",
        ),
        ("share;100;50;51", "51 of 50 is outside 0 to 100; it would take 50 of 50"),
        # 22.46 must not be shown as 22.5, which looks as if it rounded to 23: 2246/10000
        (
            "share;23;10000;2246",
            "2246 of 10000 is 22.46, which rounds to 22; it would take 2250 to 2350 of 10000",
        ),
        # neither 58/255 = 22.7 nor 58/250 = 23.2
        (
            "share;22;250|255;58",
            (
                "58 of 250 is 23.2, which rounds to 23; "
                "58 of 255 is 22.7, which rounds to 23 (22 is cut off); "
                "it would take 54 to 56 of 250 or 55 to 57 of 255"
            ),
        ),
    ],
)
def test_says_what_a_printed_numerator_gives(check: Check, row: str, said: str) -> None:
    assert why(check, row) == [said]


@pytest.mark.parametrize(
    "row",
    [
        "share;23%;255;58",
        "share;63%;60",  # 38/60 = 63.3
        "net;+33;6",  # 2/6
        "net;-10;97",  # -10/97 = -10.3
        "net;0;7",
        "net;+12;33",  # 4/33 = 12.1
        "mean;7,5;9;;1;10;2,25",  # five verbal answers: 9 + 26 x 2.25 = 67.5
        "mean;8,5;4;34;1;10;1",
        "mean;4,67;1;;1;10;1/3",  # the mean of three items: 14/3
        "share;0,0;13;0",
        "share;100;7",
        "share;153;60;92;;500",  # several answers each: 92 mentions by 60 people
        "count;58;58",
        "count;2.540;2540",
    ],
)
def test_leaves_alone_what_is_possible(check: Check, row: str) -> None:
    report = check(HEADER + row)
    assert report.findings == ()
    assert len(report.checked) == 1


@pytest.mark.parametrize("value", ["12", "13"])
def test_a_tie_may_have_been_rounded_either_way(check: Check, value: str) -> None:
    # 4 of 32 is 12.5: 13 half away from zero, 12 half to even
    assert why(check, f"share;{value};32;4") == []
    assert why(check, f"share;{value};32") == []
    assert why(check, f"net;-{value};32") == []


def test_decimals_that_are_cut_off_are_no_rounding(check: Check) -> None:
    assert why(check, "share;66;3;2") == [
        "2 of 3 is 66.7, which rounds to 67 (66 is cut off); nothing of 3 gives it"
    ]


def test_is_wrong_only_if_no_listed_n_works_and_says_which_do(check: Check) -> None:
    (row,) = check(HEADER + "share;63%;58|60").rows
    assert (row.fits, row.fails) == ((60,), (58,))
    # with 255 any whole percentage is possible, which the 58 alone could have refused
    (row,) = check(HEADER + "share;63%;58|255").rows
    assert (row.fits, row.fails, row.reason) == ((255,), (58,), None)
    (row,) = check(HEADER + "mean;8,1;1-9;;1;10;2,25").rows
    # 1 + 19 x 2.25/6 = 8.125, 1 + 22 x 2.25/7 = 8.07
    assert row.fits == (6, 7)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("mean;4,05;9;;1;5;1;yes", "weighted"),
        ("share;22%;255;58;;;;ja", "weighted"),
        ("mean;8,1;", "no n"),
        ("share;71%;", "no n"),
        ("mean;8,1;9", "no scale: minimum, maximum and step of one answer are needed"),
        ("mean;8,1;9;;1;10", "no scale: minimum, maximum and step of one answer are needed"),
        ("mean;--;0;;1;10;1", "nothing is printed"),
        ("share;;12", "nothing is printed"),
        ("count;252;", "a count by itself: no n, no whole, no parts"),
        # sums of 10 grades are 0.1 apart
        ("mean;8,1;10;;1;10;1", "n is so large that every figure of as many decimals is possible"),
        ("share;71%;100", "n is so large that every figure of as many decimals is possible"),
    ],
)
def test_says_why_a_figure_is_not_checked(check: Check, row: str, reason: str) -> None:
    report = check(HEADER + row)
    assert [one.reason for one in report.rows] == [reason]
    assert report.findings == ()


def test_the_largest_n_that_tells_anything_is_checked(check: Check) -> None:
    # 49/99 = 49.49, 50/99 = 50.51
    assert why(check, "share;50%;99") == [
        "no count out of 99 gives it; nearest possible with n = 99: 49 (49) and 51 (50)"
    ]
