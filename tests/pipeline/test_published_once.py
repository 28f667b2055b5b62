"""A period is published once: what comes later is late, unless it is revised or withdrawn."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kto import GRADES, Place, answers

NAMED = ("--study", "nvvb", "--organisation", "GM0637")
FOURTH = (*NAMED, "--period", "2020Q4")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Twenty answers of the last quarter of 2020, all with an 8, published."""
    place = Place(tmp_path_factory.mktemp("once"))
    place.land("counter", "2021-01-05.csv", answers(4, *range(20)))
    said = place.told("refresh")
    assert "published  nvvb 2020Q4: GM0637" in said
    assert place.query(GRADES) == [("2020Q4", 20, 8.0)]
    assert [one["period"] for one in place.manifest["periods_new"]] == ["2020Q4"]
    return place


def test_late_answers_and_corrections_are_in_no_figure_and_counted_as_late(story: Place) -> None:
    before = (story.home / "published" / "current").resolve()
    # twelve new ones, and three that were given a 2 after all, one of them in another quarter
    story.land("counter", "2021-02-01.csv", answers(4, *range(20, 32), 0, 1, grade=2))
    story.land("counter", "2021-02-02.csv", answers(3, 2, grade=2))
    said = story.told("refresh")
    assert (story.home / "published" / "current").resolve() == before
    assert any(line.startswith("late       nvvb 2020Q4: GM0637: 14 rows") for line in said)
    found = {one["file"]: one for one in story.status()["deliveries"]}
    late = found["counter/2021-02-01.csv"]
    assert (late["rows_accepted"], late["rows_late"], late["rows_counted"]) == (14, 14, 0)
    # who is counted in the fourth quarter does not move to the third
    assert found["counter/2021-02-02.csv"]["rows_late"] == 1
    assert found["counter/2021-01-05.csv"]["rows_counted"] == 20


def test_a_later_release_carries_the_same_figures(story: Place) -> None:
    before = story.tables()["mart_response"]
    first = story.manifest["release"]
    story.land("counter", "2021-04-05.csv", answers(1, *range(100, 130), grade=7, year=2021))
    said = story.told("refresh")
    assert "published  nvvb 2021Q1: GM0637" in said
    assert story.manifest["release"] != first
    assert story.query(GRADES) == [("2020Q4", 20, 8.0), ("2021Q1", 30, 7.0)]
    assert [row for row in story.tables()["mart_response"] if row["period"] == "2020Q4"] == before


def test_with_nothing_new_a_refresh_says_what_a_whole_run_would(story: Place) -> None:
    at_once = story.told("refresh")
    assert "deliveries   4 known; 0 judged now: 0 accepted, 0 rejected" in at_once
    assert any(line.startswith("late       nvvb 2020Q4: GM0637: 14 rows") for line in at_once)
    assert at_once[-1] == f"release      nothing changed: {story.manifest['release']} stays"
    # nothing was made for it
    (story.home / "internal" / "settled.json").unlink()
    assert story.told("refresh") == at_once


def test_with_nothing_new_a_refresh_loads_none_of_the_heavy_libraries(story: Place) -> None:
    code = (
        "import sys\n"
        "from dagster_project.commands.main import main\n"
        "main(['refresh'], standalone_mode=False)\n"
        "heavy = {'dagster', 'dbt', 'duckdb', 'polars', 'pandas', 'great_expectations'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | story.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == story.told("refresh")


def test_a_damaged_vintage_is_named(story: Place) -> None:
    (kept, *_) = sorted((story.home / "vintages").glob("2*/int_cells.parquet"))
    content = kept.read_bytes()
    kept.chmod(0o644)
    kept.write_bytes(content[:-9] + b"x" + content[-8:])
    line = story.refused("refresh")
    kept.write_bytes(content)
    assert f"{kept} is damaged; put it back from a backup" in line


def test_a_revision_is_shown_before_it_is_published(story: Place) -> None:
    before = story.manifest["release"]
    assert "is not published" in story.refused("revise", *NAMED, "--period", "2020Q3",
                                               "--reason", "x")  # fmt: skip
    said = story.told("revise", *FOURTH, "--reason", "the files of the desk were late")
    (line,) = [
        line for line in said if "mart_kpi" in line and "counter all all all totaaloordeel:" in line
    ]
    # one moves to the third quarter now; 17 eights and 14 twos: 164 / 31
    assert "n 20 -> 31" in line
    assert "value_rounded 8.0 -> 5.3" in line
    assert said[-1] == "nothing was published; the same command with --yes publishes it"
    assert story.manifest["release"] == before
    assert story.query(GRADES)[0] == ("2020Q4", 20, 8.0)

    story.told("revise", *FOURTH, "--reason", "the files of the desk were late", "--yes")
    assert story.query(GRADES) == [
        ("2020Q4", 31, pytest.approx(164 / 31, abs=1e-12)),
        ("2021Q1", 30, 7.0),
    ]
    told = story.query("select period, state, revision, reason from marts.mart_release order by 1")
    assert told == [
        ("2020Q4", "revised", 1, "the files of the desk were late"),
        ("2021Q1", "final", 0, None),
    ]
    (revised,) = story.manifest["periods_revised"]
    assert (revised["period"], revised["reason"]) == ("2020Q4", "the files of the desk were late")
    # what was due besides waits for an ordinary run, in which the revised quarter stays as it is
    assert "published  nvvb 2020Q3: GM0637" in story.told("refresh")
    assert ("2020Q4", 31, pytest.approx(164 / 31, abs=1e-12)) in story.query(GRADES)


def test_a_withdrawn_period_is_told_anew_and_the_manifest_says_why(story: Place) -> None:
    assert "--never-distributed" in story.refused("withdraw", *FOURTH, "--reason", "a try")
    (line,) = story.told(
        "withdraw", *FOURTH, "--never-distributed", "--reason", "a try", "--by", "Ann"
    )
    assert line.startswith("withdrawn  nvvb 2020Q4: GM0637")
    states = {one["period"]: one["state"] for one in story.status()["periods"]}
    assert states["2020Q4"] == "due"
    story.told("refresh")
    (withdrawn,) = story.manifest["withdrawn"]
    assert (withdrawn["periods"], withdrawn["by"], withdrawn["reason"]) == (
        ["2020Q4"],
        "Ann",
        "a try",
    )
    told = story.query("select state, revision from marts.mart_release where period = '2020Q4'")
    assert told == [("final", 0)]


def test_the_year_comes_with_its_fourth_quarter_and_is_their_sum(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for quarter, name in ((1, "2020-04-01"), (2, "2020-07-01"), (4, "2021-01-05")):
        numbers = range(100 * quarter, 100 * quarter + 10 + quarter)
        place.land("counter", f"{name}.csv", answers(quarter, *numbers, grade=5 + quarter))
    said = place.told("refresh")
    assert [row[0] for row in place.query(GRADES)] == ["2020Q1", "2020Q2", "2020Q4"]
    (held,) = [line for line in said if line.startswith("held       nvvb 2020: GM0637")]
    assert held.endswith("2020Q3 never delivered; deliver, or release the year as it is")
    place.land("counter", "2021-01-20.csv", answers(3, *range(300, 313), grade=8))
    place.told("refresh")
    # 11 sixes, 12 sevens, 13 eights, 14 nines
    assert place.query(GRADES)[0] == ("2020", 50, (66 + 84 + 104 + 126) / 50)
    assert [one["period"] for one in place.manifest["periods_new"]] == ["2020", "2020Q3"]
