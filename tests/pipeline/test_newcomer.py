"""What a newcomer does: run the demo, look around, follow a row, try what the pages say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import small_feeds
import walked
from demo_home import Demo
from documented import LONG_RUNNING, PAGES, TRIED_ELSEWHERE, blocks, run_line, until_it_serves

from dagster_project.codebook import load_codebook
from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.factsheet.figures import read_facts
from dagster_project.factsheet.pages import sheet_page
from dagster_project.factsheet.sheet import sheet_of
from dagster_project.factsheet.table import sheet_table
from dagster_project.factsheet.words import words


@pytest.fixture(scope="module")
def demo(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A copy of the demo, as some commands change what others read."""
    home = tmp_path_factory.mktemp("newcomer") / "home"
    shutil.copytree(demo.home, home, symlinks=True)
    return replace(demo, home=home)


@pytest.mark.parametrize(("sql", "shown"), walked.steps())
def test_each_step_of_the_walk_tells_what_its_page_says(demo: Demo, sql: str, shown: str) -> None:
    assert walked.told(demo.home, sql) == shown


def test_the_walk_quotes_lines_that_are_in_its_files(demo: Demo, tmp_path: Path) -> None:
    codebook, text = load_codebook(PROJECT_ROOT / "seeds"), words("nl")
    owner = pl.DataFrame({"study": ["nvvb"], "organisation_code": ["GM0637"]})
    facts, period = read_facts(demo.current, owner)[0], "2020Q4"
    drawn = tmp_path / f"GM0637-{period}"
    html = sheet_page(sheet_of(codebook, text, facts, period), text, {})
    drawn.with_suffix(".html").write_text(html, encoding="utf-8")
    sheet_table(codebook, text, facts, period, drawn.with_suffix(".csv"))
    places = {drawn.stem: tmp_path}
    quoted = walked.quoted()
    assert len(quoted) == 3
    for named, lines in quoted:
        path = demo.home / Path(named).relative_to("var")
        found = (places.get(path.stem, path.parent) / path.name).read_text("utf-8-sig")
        assert lines
        assert [line for line in lines if line not in found] == [], named


def test_a_questionnaire_without_the_questions_that_count_is_left_out(demo: Demo) -> None:
    found = json.loads(demo.run("kto", "status", "--json").stdout)
    (delivery,) = (d for d in found["deliveries"] if d["feed"] == "blik_op_werk")
    counts = {one: delivery[f"rows_{one}"] for one in ("read", "counted", "left_out")}
    assert counts == {"read": 50, "counted": 50, "left_out": 3}
    assert delivery["reasons"] == {}


def test_status_accounts_for_every_row(demo: Demo) -> None:
    found = json.loads(demo.run("kto", "status", "--json").stdout)
    assert found["release"] == demo.current.resolve().name
    assert len(found["deliveries"]) > 50
    for delivery in found["deliveries"]:
        assert delivery["rows_read"] == delivery["rows_accepted"] + delivery["rows_quarantined"]
        assert delivery["rows_accepted"] == (
            delivery["rows_counted"] + delivery["rows_superseded"] + delivery["rows_set_aside"]
        ), delivery["file"]
    spoken = demo.run("kto", "status").stdout
    assert "out_of_range" in spoken


def test_a_second_run_changes_nothing(demo: Demo) -> None:
    before = demo.current.resolve()
    again = demo.run("kto", "refresh")
    assert again.returncode == 0, again.stderr
    assert demo.current.resolve() == before


@dataclass(frozen=True)
class Rebuilt:
    """What came of building everything anew, and what BI read of the release meanwhile.

    `reads` are rows of one mart, in the database and in its Parquet file.
    """

    done: subprocess.CompletedProcess[str]
    before: Path
    reads: list[tuple[int, int]]


@pytest.fixture(scope="module")
def rebuilt(demo: Demo) -> Rebuilt:
    before = demo.current.resolve()
    (demo.home / "warehouse.duckdb").unlink()
    with ThreadPoolExecutor(1) as other:
        running = other.submit(demo.run, "kto", "refresh")
        reads = []
        while not running.done():
            ((rows,),) = demo.query("select count(*) from marts.mart_kpi")
            frame = pd.read_parquet(demo.current / "parquet" / "mart_kpi.parquet")
            reads.append((rows, len(frame)))
            # a reader that never rests takes the processor from the run
            wait([running], timeout=0.5)
    return Rebuilt(running.result(), before, reads)


def test_a_rebuild_of_everything_gives_the_same_release(demo: Demo, rebuilt: Rebuilt) -> None:
    assert rebuilt.done.returncode == 0, rebuilt.done.stderr
    assert demo.current.resolve() == rebuilt.before


def test_bi_reads_the_release_while_a_refresh_runs(rebuilt: Rebuilt) -> None:
    assert len(rebuilt.reads) > 1
    assert [found for found in rebuilt.reads if found[0] != found[1]] == []


@pytest.fixture(scope="module")
def my_feeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the README calls so, with a small quarter in it."""
    folder = tmp_path_factory.mktemp("newcomer") / "my-feeds"
    for feed, frame in small_feeds.quarter().items():
        (folder / feed).mkdir(parents=True)
        frame.write_csv(folder / feed / "2021-01-05 Q4.csv", separator=";")
    return folder


def test_the_page_on_explaining_shows_what_the_command_says(demo: Demo) -> None:
    page = PROJECT_ROOT / "docs" / "explain.md"
    line, (shown,) = blocks(page, "sh")[0], blocks(page, "text")
    said = demo.run("sh", "-c", line).stdout
    assert said.startswith(shown.removesuffix("...\n"))


# before the commands, as some of those remove what is read here
@pytest.mark.parametrize(
    "code", [pytest.param(code, id=page.name) for page in PAGES for code in blocks(page, "python")]
)
def test_every_python_example_in_the_docs_runs(demo: Demo, code: str) -> None:
    folder = demo.home.parent
    script = code.replace('"var/', f'"{demo.home}/')
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize(
    "line",
    # in the order of the pages: a line may rest on what the one before it did
    dict.fromkeys(
        line.split("  #")[0].strip()
        for page in PAGES
        for block in blocks(page, "sh")
        for line in block.splitlines()
        if line.strip() and not line.startswith("#")
    ),
)
def test_every_command_in_the_docs_runs(demo: Demo, my_feeds: Path, line: str) -> None:
    if line.startswith(TRIED_ELSEWHERE):
        done = demo.run("make", "--dry-run", line.split()[1])
    elif any(words in line for words in LONG_RUNNING):
        said = until_it_serves(demo, f"{line} --port 0")
        assert "Serving dagster-webserver" in said[-1], said[-20:]
        return
    else:
        done = run_line(demo, my_feeds, line)
        for drawn in PROJECT_ROOT.glob("*.html"):
            drawn.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
