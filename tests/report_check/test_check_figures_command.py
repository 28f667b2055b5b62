"""The command: exit codes, the lines it prints, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagster_project.commands.main import main


def kto(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check-figures", *(str(one) for one in arguments)])


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    return tmp_path / "figures.csv"


def test_nothing_wrong_ends_with_zero_and_still_accounts_for_every_row(figures: Path) -> None:
    figures.write_text("kind;value;n;note\nshare;50%;2;\nmean;8,1;;x\n", encoding="utf-8")
    done = kto(figures)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{figures} row 3: not checked: no n",
        f"{figures} column note: ignored, as it is none of the columns known",
        "",
        "rows         2 read = 1 checked + 1 not checkable",
        "figures      none that cannot be right",
    ]


def test_a_figure_that_cannot_be_right_ends_with_one(figures: Path) -> None:
    text = 'kind,value,n,label,source\nnps,+30,6,all,"p. 3"\nshare,50,,,\n'
    figures.write_text(text, encoding="utf-8")
    done = kto(figures)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == (
        f"{figures} row 2: all (p. 3): +30 cannot be right: no net count out of 6 gives it; "
        "nearest possible with n = 6: 17 (1) and 33 (2)"
    )
    assert done.stderr == ""


def test_json_holds_findings_and_every_row(figures: Path) -> None:
    figures.write_text(
        "kind;value;n;weighted;label\nshare;63%;58|60;;a\nshare;61%;60;;b\nmean;4,1;9;yes;c\n",
        encoding="utf-8",
    )
    done = kto(figures, "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (found["rows_read"], found["rows_checked"], found["rows_not_checkable"]) == (3, 2, 1)
    assert found["findings"] == [
        {
            "rule": "n",
            "rows": [3],
            "subject": "b",
            "source": "",
            "printed": "61%",
            "why": "no count out of 60 gives it",
            "instead": "nearest possible with n = 60: 60 (36) and 62 (37)",
        }
    ]
    first, second, third = found["rows"]
    assert (first["possible_n"], first["impossible_n"], first["checked"]) == ([60], [58], True)
    assert (second["possible_n"], second["impossible_n"]) == ([], [60])
    assert (third["checked"], third["reason"], third["printed"]) == (False, "weighted", "4,1")


@pytest.mark.parametrize("arguments", [(), ("a.csv", "b.csv"), ("--nonsense", "a.csv")])
def test_wrong_usage_ends_with_two(arguments: tuple[str, ...]) -> None:
    assert kto(*arguments).exit_code == 2


@pytest.mark.parametrize("json_too", [False, True])
def test_a_file_that_cannot_be_read_ends_with_two_and_a_line_per_problem(
    figures: Path, json_too: bool
) -> None:
    figures.write_text("kind;value;n\nshare;x;2\nshare;50;y\n", encoding="utf-8")
    done = kto(figures, *(["--json"] if json_too else []))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        (
            f"kto: {figures} row 2 column value: 'x' is not a number; "
            "write it as printed, such as 7.8 or 71%"
        ),
        (
            f"kto: {figures} row 3 column n: 'y' is not a whole number; "
            "write digits only, such as 255"
        ),
    ]
    missing = kto(figures.with_name("none.csv"))
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
    folder = kto(figures.parent)
    assert (folder.exit_code, folder.stderr.count("\n")) == (2, 1)


def test_help_shows_an_example_that_it_is_right_about(figures: Path) -> None:
    told = kto("--help").stdout
    rows = [line.strip() for line in told.splitlines() if line.count(";") > 5]
    figures.write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = kto(figures)
    assert len(rows) == 3
    assert "2 read = 2 checked" in done.stdout
    assert "2 cannot be right" in done.stdout
