"""The command: exit codes, the lines it prints, JSON, and what is wrong with a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagster_project.commands.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "check_release.md"


def kto(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check-release", *(str(one) for one in arguments)])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "tables.csv"


def test_nothing_that_follows_ends_with_zero(table: Path) -> None:
    """20 people in b and c together; neither is more than 20."""
    table.write_text("service;n;note\nall;50;\na;30;\nb;x;left out\nc;x;\n", encoding="utf-8")
    done = kto(table)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        (
            f"{table} rows 4-5: b + c: n = 20 follows for all of them together: "
            "20 = 50 (all) - 30 (a) (a group of 10 or more)"
        ),
        "",
        "what else can be known of what is suppressed",
        "  row 4: b: n 0 to 20",
        "  row 5: c: n 0 to 20",
        "",
        "cells        4 read = 2 published + 2 suppressed",
        "disclosed    nothing",
    ]


def test_a_cell_that_follows_ends_with_one_and_its_equation(table: Path) -> None:
    """40 - 36 = 4; 40 whole grades of 8.0 are 318 to 322, 36 are 287 to 289: 29 to 35 are left."""
    table.write_text("dienst;n;mean;step\nTotaal;40;8,0;1\na;36;8,0;1\nb;-;-;1\n", encoding="utf-8")
    done = kto(table)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == (
        f"{table} row 4: b: n = 4 follows, their mean is 7.25 to 8.75: 4 = 40 (all) - 36 (a); "
        "sum of answers 29 to 35 = 318 to 322 (all) - 287 to 289 (a)"
    )
    assert kto(table, "--min-n", "1").exit_code == 1


def test_json_holds_findings_groups_and_every_interval(table: Path) -> None:
    table.write_text("service;n\nall;50\na;43\nb;x\nc;x\n", encoding="utf-8")
    done = kto(table, "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (found["min_n"], found["cells"], found["groups"]) == (10, 4, [])
    assert found["findings"] == [
        {
            "rule": "union",
            "rows": [4, 5],
            "name": "b + c",
            "what": "n = 7 follows for all of them together",
            "n": 7,
            "mean": None,
            "equation": "7 = 50 (all) - 43 (a)",
        }
    ]
    assert found["suppressed"] == [
        {"row": 4, "name": "b", "n": [0, 7], "mean": None},
        {"row": 5, "name": "c", "n": [0, 7], "mean": None},
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("service;mean\nall;8\n", "row 1 column n: the column is missing; add it"),
        (
            "n\n5\n",
            "row 2: no column names a cell; add one, such as service, with all for the total",
        ),
        (
            "service;n;n\nall;5;6\n",
            "row 1 column n: the column is there more than once; remove the others",
        ),
        (
            "service;n;mean;value\nall;5;6;6\n",
            "row 2 column value: mean and value are the same column here; keep one of them",
        ),
        (
            "service;n\nall;many\n",
            (
                "row 2 column n: 'many' is neither a number of respondents nor a mark for a "
                "suppressed one; write digits, x, or what is told, such as <10"
            ),
        ),
        (
            "service;n\nall;9-1\n",
            "row 2 column n: '9-1' runs backwards; write the lower number first",
        ),
        (
            "service;n\n;5\n",
            "row 2 column service: the cell is blank; write a value, or all for the total",
        ),
        (
            "service;n;mean\nall;5;good\n",
            "row 2 column mean: 'good' is not a number; write it as printed, such as 7.8 or 71%",
        ),
        (
            "service;n;mean\nall;5;11,5\n",
            (
                "row 2 column mean: no 5 answers from 1 to 10 have the mean 11,5; mend it, or n, "
                "or the scale"
            ),
        ),
        (
            "service;n;mean;step\nall;5;7,9;1\n",
            (
                "row 2 column mean: no 5 answers from 1 to 10 have the mean 7,9; mend it, or n, or "
                "the scale"
            ),
        ),
        (
            "service;n;mean;minimum;maximum\nall;5;2;5;1\n",
            "row 2 column maximum: not above the minimum",
        ),
        (
            "service;n;mean;step\nall;5;2;2\n",
            "row 2 column step: steps of 2 do not lead from 1 to 10; write one that does",
        ),
        (
            "service;n;maximum\nall;5;10\na;5;7\n",
            (
                "row 3 column maximum: 7 here and 10 in row 2; put figures on another scale in a "
                "file of their own"
            ),
        ),
        ("service;n\nall;5\nTotal;6\n", "row 3: all stands in row 2 too; remove one"),
        (
            "service;n;at_most\nall;5;4\n",
            "row 2 column at_most: at most 4, yet n is 5; mend one of them",
        ),
        (
            "service;n\nall;50\na;20\nb;29\n",
            (
                "row 2 column n: all is 50, but its parts by service are 49; mend it, or add the "
                "rows that the table leaves out, with n suppressed"
            ),
        ),
        (
            "service;n\nall;50\na;60\nb;x\n",
            (
                "row 2 column n: all is 50, but its published parts by service are 60; mend it, or "
                "add the rows that the table leaves out, with n suppressed"
            ),
        ),
        (
            "service;n\nall;5;6\n",
            (
                "row 2: the row has 3 fields and the header 2; quote texts with commas, or "
                "separate cells by ;"
            ),
        ),
        ("service;n\n", ": no rows; write one row per cell"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_two_and_one_line(
    table: Path, text: str, said: str
) -> None:
    table.write_text(text, encoding="utf-8")
    done = kto(table)
    assert (done.exit_code, done.stdout) == (2, "")
    between = "" if said.startswith(":") else " "
    assert done.stderr == f"kto: {table}{between}{said}\n"


@pytest.mark.parametrize(
    ("edges", "where", "said"),
    [
        ("place;all;a", "row 2 column dimension", "'place' is no column of the table"),
        ("service;all;b", "row 2 column child", "no row of the table has 'b'"),
        ("service;all;a\nservice;all;a", "row 3 column child", "'a' is a part of 'all' already"),
        ("service;all;a\nservice;a;all", "row 2 column child", "'a' is a part of itself"),
        ("service;a;a", "row 2 column child", "'a' is a part of itself"),
    ],
)
def test_a_file_of_hierarchies_that_cannot_be_used_ends_with_two(
    table: Path, edges: str, where: str, said: str
) -> None:
    table.write_text("service;n\nall;50\na;50\n", encoding="utf-8")
    hierarchy = table.with_name("hierarchy.csv")
    hierarchy.write_text(f"dimension;parent;child\n{edges}\n", encoding="utf-8")
    done = kto(table, "--hierarchy", hierarchy)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"kto: {hierarchy} {where}: {said}")


def test_a_value_that_no_hierarchy_names_is_refused(table: Path) -> None:
    table.write_text("service;n\nall;50\na;40\nb;10\n", encoding="utf-8")
    hierarchy = table.with_name("hierarchy.csv")
    hierarchy.write_text("dimension;parent;child\nservice;all;a\n", encoding="utf-8")
    done = kto(table, "--hierarchy", hierarchy)
    assert done.stderr == (
        f"kto: {table} row 4 column service: 'b' is not in the file of hierarchies; add it there\n"
    )


@pytest.mark.parametrize("arguments", [(), ("a.csv", "b.csv"), ("a.csv", "--min-n", "0")])
def test_wrong_usage_ends_with_two(arguments: tuple[str, ...]) -> None:
    assert kto(*arguments).exit_code == 2


def test_a_file_that_is_not_there_ends_with_two_and_one_line(table: Path) -> None:
    done = kto(table)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


def test_help_shows_an_example_that_it_is_right_about(table: Path) -> None:
    told = kto("--help").stdout
    rows = [line.strip() for line in told.splitlines() if line.count(";") > 2]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert len(rows) == 4
    assert "n = 22 follows, their mean is 8.14 to 8.41" in kto(table).stdout
    assert "with a mean of 8.14 to 8.41" in told


def test_the_page_shows_what_the_command_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    example = "docs/examples/published_services.csv"
    text = PAGE.read_text("utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert ("csv", (ROOT / example).read_text("utf-8")) in blocks
    done = kto(example)
    assert ("text", done.stdout + "something follows\n") in blocks
    assert ("sh", f'kto check-release {example} || echo "something follows"\n') in blocks
