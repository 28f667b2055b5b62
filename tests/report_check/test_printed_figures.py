"""The figures of five published documents: exactly the slips that are in them are found."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagster_project.commands.main import main
from dagster_project.report_check import Report, check_report
from dagster_project.report_check.check import Row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "check_figures.md"
EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture(scope="module")
def report() -> Report:
    return check_report(EXAMPLES / "printed_figures.csv")


def labelled(report: Report, label: str) -> Row:
    (row,) = (row for row in report.rows if row.figure.label == label)
    return row


def labels(report: Report, rows: tuple[int, ...]) -> list[str]:
    by_row = {row.figure.row: row.figure.label for row in report.rows}
    return [by_row[row] for row in rows]


def test_exactly_the_slips_of_the_documents_are_found(report: Report) -> None:
    found = [(one.rule, one.printed, labels(report, one.rows)) for one in report.findings]
    provinces = [
        "Drenthe",
        "Flevoland",
        "Friesland",
        "Gelderland",
        "Groningen",
        "Limburg",
        "Noord-Brabant",
        "Noord-Holland",
        "Overijssel",
        "Utrecht",
        "Zeeland",
        "Zuid-Holland",
    ]
    assert found == [
        ("numerator", "16%", ["population 2500"]),
        ("numerator", "22%", ["share of respondents, debt relief"]),
        (
            "parts",
            "67%",
            [
                "welcome on the telephone, satisfied",
                "welcome on the telephone, very satisfied",
                "welcome on the telephone, satisfied only",
            ],
        ),
        (
            "same",
            "7,7",
            ["information and advice 2022, in the text", "information and advice 2022"],
        ),
        ("parts", "12 parts of 100%", [f"province, {name}" for name in provinces]),
    ]


def test_the_arithmetic_of_the_slips() -> None:
    assert Fraction(334, 2500) * 100 == Fraction("13.36")
    assert Fraction("22.7") < Fraction(58, 255) * 100 < Fraction("22.8")
    # 36 and 34 are 69 at least before rounding, 67 is 67.5 at most
    assert Fraction("35.5") + Fraction("33.5") > Fraction("67.5")
    shares = (3, 15, 7, 3, 13, 10, 17, 5, 27, 3, 15, 7)
    assert sum(shares) == 125
    assert sum(shares) - len(shares) * Fraction("0.5") > 100
    counts = (2, 9, 4, 2, 8, 6, 10, 3, 16, 2, 9, 4)
    assert [round(Fraction(100 * count, 60)) for count in counts] == list(shares)
    assert sum(counts) == 75


@pytest.mark.parametrize(
    ("label", "fits", "fails"),
    [
        ("general appreciation of 8 or higher", (60,), (58,)),  # 38/60 = 63.3; 36, 37 of 58: 62, 64
        ("NPS 2022", (60,), (58,)),  # 12/60 = 20; 11, 12 of 58: 19.0, 20.7
        ("NPS, under 20,000", (6,), (5,)),  # 2/6 = 33.3; 1, 2 of 5: 20, 40
        ("NPS, policy advisers", (47,), (45,)),  # 9/47 = 19.1; 8, 9 of 45: 17.8, 20
        ("NPS, 20,000 to 50,000", (32, 33), ()),  # 4/33 = 12.1; 4/32 = 12.5, a tie
        ("parent meetings 2022", (9,), ()),  # 1 + 26 x 2.25 / 9 = 7.5
        ("parent meetings, topical", (6, 7), (1, 2, 3, 4, 5, 8, 9)),  # 8.125; 8.07
        ("parent meetings, price and quality", (3, 6, 9), (1, 2, 4, 5, 7, 8)),  # 7.0: 6 / 0.75
    ],
)
def test_figures_that_look_odd_are_possible_for_the_right_n(
    report: Report, label: str, fits: tuple[int, ...], fails: tuple[int, ...]
) -> None:
    row = labelled(report, label)
    assert (row.fits, row.fails) == (fits, fails)


def test_every_row_of_every_document_is_checked_or_says_why_not(report: Report) -> None:
    assert len(report.rows) == 227
    assert len(report.checked) == 177
    assert {row.reason for row in report.unchecked} == {
        "no n",
        "no scale: minimum, maximum and step of one answer are needed",
        "nothing is printed",
        "a count by itself: no n, no whole, no parts",
        "n is so large that every figure of as many decimals is possible",
    }
    for row in report.rows:
        assert row.figure.source
        assert row.figure.label
    documents = {re.split(r"[ ,]", row.figure.source)[0] for row in report.rows}
    assert documents == {"NVVB", "Divosa", "Panteia", "Totta", "DUO"}


def test_a_grade_moved_by_one_tenth_no_longer_fits_its_groups(tmp_path: Path) -> None:
    """The checks that pass are checks: each change makes one finding more."""
    text = (EXAMPLES / "printed_figures.csv").read_text("utf-8")
    for before, after in (
        ("general appreciation 2022;grade;7,8;58|60", "general appreciation 2022;grade;7,9;58|60"),
        ("promoters;percentage;52%", "promoters;percentage;54%"),
        ("net sample, absence;count;44", "net sample, absence;count;45"),
        ("grade, social activation;grade;7,9", "grade, social activation;grade;7,5"),
        ("NPS, policy advisers;nps;+19", "NPS, policy advisers;nps;+21"),
        ("location, satisfied only;percentage;33%", "location, satisfied only;percentage;35%"),
        ("job, policy adviser;percentage;78%", "job, policy adviser;percentage;75%"),
    ):
        assert text.count(before) == 1
        path = tmp_path / "figures.csv"
        path.write_text(text.replace(before, after), encoding="utf-8")
        assert len(check_report(path).findings) > 5, after


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


def test_the_page_shows_the_example_and_what_the_command_says_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = blocks("csv")
    assert example == (EXAMPLES / "one_report.csv").read_text("utf-8")
    (shown,) = blocks("text")
    done = CliRunner().invoke(main, ["check-figures", "docs/examples/one_report.csv"])
    assert shown == done.stdout + "something cannot be right\n"
    assert done.exit_code == 1
    assert "kto check-figures docs/examples/one_report.csv ||" in blocks("sh")[0]
