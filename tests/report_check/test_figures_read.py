"""What a file of printed figures may look like, and what is said of one that may not."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from dagster_project.report_check import FiguresError, Report, check_report
from dagster_project.report_check.figure import Kind
from dagster_project.report_check.read import FiguresFile, read_figures

Check = Callable[[str], Report]


def read(tmp_path: Path, content: str | bytes) -> FiguresFile:
    path = tmp_path / "figures.csv"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return read_figures(path)


TEXT = "kind;value;n;label\ngrade;7,8;58;één groep\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("cp1252"),
        TEXT.replace("\n", "\r\n").encode("utf-8"),
        TEXT.replace(";", "\t").encode("utf-8"),
        TEXT.replace("7,8", '"7,8"').replace(";", ",").encode("utf-8"),
        TEXT.replace("kind;value", " Kind ; VALUE").encode("utf-8"),
        ("n;label;value;kind\n58;één groep;7.8;mean\n").encode(),
        (TEXT + ";;;\n\n").encode(),
    ],
)
def test_reads_whatever_landing_files_may_look_like(tmp_path: Path, content: bytes) -> None:
    (figure,) = read(tmp_path, content).figures
    assert (figure.row, figure.kind, figure.n, figure.label) == (2, Kind.MEAN, (58,), "één groep")
    assert figure.printed is not None
    assert (figure.printed.value, figure.printed.decimals) == (Fraction(39, 5), 1)


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("8.0", Fraction(8), 1),
        ("71%", Fraction(71), 0),
        ("71,5 %", Fraction(143, 2), 1),
        ("+20", Fraction(20), 0),
        ("-10", Fraction(-10), 0),
        ("\N{MINUS SIGN}10,5", Fraction(-21, 2), 1),
        ("1.234", Fraction(617, 500), 3),
    ],
)
def test_a_value_keeps_its_decimals(tmp_path: Path, text: str, value: object, decimals: int):
    (figure,) = read(tmp_path, f"kind;value\nnps;{text}\n").figures
    assert figure.printed is not None
    assert (figure.printed.text, figure.printed.value) == (text, value)
    assert figure.printed.decimals == decimals
    assert figure.printed.slack * 2 * 10**decimals == 1


@pytest.mark.parametrize(
    ("cell", "n"),
    [
        ("58", (58,)),
        (" 60 | 58 ", (58, 60)),
        ("1-4", (1, 2, 3, 4)),
        ("2\N{EN DASH}3|9", (2, 3, 9)),
        ("2.540", (2540,)),
        ("1 234 567", (1234567,)),
        ("", ()),
    ],
)
def test_n_may_be_several_numbers(tmp_path: Path, cell: str, n: tuple[int, ...]) -> None:
    (figure,) = read(tmp_path, f"kind;value;n\nshare;50;{cell}\n").figures
    assert figure.n == n


@pytest.mark.parametrize(
    ("word", "kind"),
    [("Grade", Kind.MEAN), ("NPS", Kind.NET), ("ces", Kind.NET), ("percentage", Kind.SHARE)],
)
def test_a_kind_has_several_words(tmp_path: Path, word: str, kind: Kind) -> None:
    (figure,) = read(tmp_path, f"kind;value\n{word};8\n").figures
    assert figure.kind is kind


HEADER = (
    "figure;kind;value;n;numerator;minimum;maximum;step;weighted;part_of;group;role;same_as\n"
    "a;share;50;;;;;;;;;;\nb;mean;7,0;;;1;10;1;;;;;\nc;net;10;;;;;;;;;;\n"
)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (";median;5", "column kind: 'median' is not a kind of figure; use mean or share or"),
        (";;5", "column kind: the cell is blank; use mean or share or net or count"),
        (";share;acht", "column value: 'acht' is not a number; write it as printed, such as 7.8"),
        (";share;1.2.3", "column value: '1.2.3' is not a number"),
        (";count;2,54", "column value: '2,54' is not a whole number; write digits only"),
        (";count;-3", "column value: '-3' is not a whole number"),
        (f";share;{'9' * 5000}", "is too long for a number"),
        (";share;5;n=58", "column n: 'n=58' is not a whole number"),
        (";share;5;58|", "column n: the cell is blank; write digits only, such as 255"),
        (";share;5;9-1", "column n: '9-1' runs backwards; write the lower number first"),
        (";share;5;1-101", "column n: '1-101' lists more than 100 numbers; list those"),
        (";share;5;1-99999999999", "lists more than 100 numbers"),
        (";share;5;58,5", "column n: '58,5' is not a whole number"),
        (";share;5;58;2,5", "column numerator: respondents are counted whole; write a whole"),
        (";count;5;58;5", "column numerator: a count is its own numerator; leave the cell blank"),
        (";mean;5;;;1;10;0", "column step: '0' is no step; write a number above 0"),
        (";mean;5;;;1;10;1/0", "column step: '1/0' is not a number"),
        (";mean;5;;;1;10;2", "column step: the steps do not lead from the lowest answer to the"),
        (";mean;5;;;10;1;1", "column maximum: the highest answer is not above 10; check both"),
        (";share;5;;;0", "column minimum: a share has no scale of its own; leave the cell blank"),
        (";net;5;;;;;1", "column step: a net has no scale of its own"),
        (";count;5;;;1", "column minimum: a count has no scale of its own"),
        (";share;5;;;;150", "column maximum: the steps do not lead from the lowest answer"),
        (";share;5;;;;;;maybe", "column weighted: 'maybe' is not yes or no; write yes or no"),
        ("A;share;5", "column figure: 'A' is row 2 already; name one of them anew"),
        ("100;share;5", "column figure: '100' means everybody in part_of; choose another name"),
        (";share;5;;;;;;;z;;adds", "column part_of: no other row is called 'z'; name one in"),
        ("d;share;5;;;;;;;d;;adds", "column part_of: no other row is called 'd'"),
        (";share;5;;;;;;;a", "column role: the cell is blank; say how this is a part: adds,"),
        (";share;5;;;;;;;a;;part", "column role: 'part' is not a role; use adds, subtracts,"),
        (";mean;5;;;1;10;1;;a;;adds", "column part_of: a mean is no part of a share"),
        (";mean;5;;;1;10;1;;100;;adds", "column part_of: a mean is no part of a share"),
        (";mean;5;;;1;10;1;;b;;adds", "column role: a mean in a mean is among_groups or group"),
        (";share;5;;;;;;;a;;neither", "column role: a share in a share is adds or among or"),
        (";share;5;;;;;;;100%;;group", "column role: a share in a share is adds or among or"),
        (";mean;5;;;1;5;1;;b;;group", "column step: its whole, row 3, has another scale; make"),
        (";share;5;;;;;;;c;;adds", "column role: a net score takes a share that adds and one"),
        (";share;5;;;;;;;;;adds", "column role: the row is part of nothing; fill in part_of"),
        (";share;5;;;;;;;;x", "column group: the row is part of nothing; fill in part_of"),
        (";share;5;;;;;;;;;;z", "column same_as: no other row is called 'z'"),
        (";share;5;;;;;;;;;;b", "column same_as: row 3 is a mean, this a share; compare alike"),
    ],
)
def test_a_cell_that_makes_no_sense_is_named(check: Check, row: str, said: str) -> None:
    with pytest.raises(FiguresError) as caught:
        check(HEADER + row)
    (problem,) = caught.value.problems
    assert f"figures.csv row 5 {said}" in str(problem) or said in str(problem)
    assert problem.row == 5
    assert "\n" not in str(problem)


def test_parts_with_roles_that_do_not_go_together_are_named(check: Check) -> None:
    rows = ";share;5;;;;;;;a;;adds\n;share;5;;;;;;;a;;among\n"
    with pytest.raises(FiguresError, match="row 5 column role: the parts are adds and among; give"):
        check(HEADER + rows)


def test_all_problems_of_a_file_are_told_at_once_by_row(check: Check) -> None:
    with pytest.raises(FiguresError) as caught:
        check("kind;value;n\nshare;x;58\nmode;5;\nshare;5;y\nshare;5;58\n")
    assert [(one.row, one.column) for one in caught.value.problems] == [
        (2, "value"),
        (3, "kind"),
        (4, "n"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"kind;value\n", "no figures; write one printed figure per row"),
        (b"PK\3\4 rest", "a workbook or zip file, not CSV"),
        ("kind;value\nshare;5\n".encode("utf-16"), "UTF-16"),
        (b"kind\nshare\n", "row 1 column value: the column is missing; add it; separate columns"),
        (b"value;n\n5;6\n", "row 1 column kind: the column is missing; add it"),
        (b"kind;value;Value\nshare;5;6\n", "row 1 column value: the column is there more than"),
        (b"kind,value,n\nmean,7,8,58\n", "row 2: the row has 4 fields and the header 3; quote"),
        (b'kind;value\nshare;"5\nshare;6\n', "a quotation mark is opened and never closed"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(FiguresError) as caught:
        read(tmp_path, content)
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(str(tmp_path / "figures.csv"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FiguresError, match=r"none\.csv: the file cannot be read \(No such file"):
        check_report(tmp_path / "none.csv")


def test_every_row_is_checked_or_has_a_reason_and_unknown_columns_are_told(check: Check) -> None:
    report = check("kind;value;n;remark\nshare;50;2;x\n;;;\nshare;50;;\nshare;;2;\n")
    assert [row.figure.row for row in report.rows] == [2, 4, 5]
    assert [row.reason for row in report.rows] == [None, "no n", "nothing is printed"]
    assert len(report.checked) + len(report.unchecked) == len(report.rows)
    assert report.ignored == ("remark",)


SAME = "figure;kind;value;same_as\na;mean;{};\n;mean;{};A\n"


@pytest.mark.parametrize(
    ("one", "other", "fine"),
    [
        ("7,8", "7.8", True),
        ("7,8", "7,7", False),  # both may be 7.75, but one document rounds in one way
        ("7,8", "7,75", True),
        ("7,8", "7,85", True),
        ("7,8", "7,86", False),
        ("8", "7,5", True),
        ("--", "7,5", True),
    ],
)
def test_a_figure_printed_twice_is_the_same_figure(
    check: Check, one: str, other: str, fine: bool
) -> None:
    found = check(SAME.format(one, other)).findings
    assert (found == ()) is fine
    if not fine:
        (finding,) = found
        assert (finding.rows, finding.printed) == ((3, 2), other)
        assert finding.why == f"row 2 prints the same figure as {one}"
