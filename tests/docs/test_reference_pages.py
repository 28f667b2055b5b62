"""The pages of reference say what the models and the codebook say."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from reference_pages import PAGES, STUDY
from semantic_model import TARGET, semantic_model

from dagster_project.codebook import load_codebook
from dagster_project.commands.main import main
from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.release.export import STORAGE_VERSION

CONTRACT = (PROJECT_ROOT / "docs" / "contract.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_it_is_written_from(page: str) -> None:
    written = (PROJECT_ROOT / "docs" / page).read_text("utf-8")
    assert written == PAGES[page](), f"docs/{page} is out of date: run `make docs`"


def test_the_description_of_the_tables_is_what_it_is_written_from() -> None:
    assert TARGET.read_text("utf-8") == semantic_model(), (
        f"{TARGET} is out of date: run `make docs`"
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_contract_leads_to_it(page: str) -> None:
    assert f"({page})" in CONTRACT


def test_the_tables_have_their_columns_and_types() -> None:
    page = PAGES["marts.md"]()
    tables = set(re.findall(r"^## (\w+)$", page, re.M))
    models = {path.stem for path in (PROJECT_ROOT / "dbt_project/models/marts").glob("*.sql")}
    assert tables == models
    assert "| `answers_suppressed_share` | double |" in page


def test_the_feeds_have_their_headers_and_codes() -> None:
    page = PAGES["feeds.md"]()
    assert "| `gemeentecode` | yes | organisation, see below |" in page
    assert "| `heel veel` | `5` | heel veel | very much |" in page
    assert "| `zuil` | `kiosk` |" in page
    links, headings = re.findall(r"\(#(\w+)\)", page), re.findall(r"^## (\w+)$", page, re.M)
    assert links
    assert set(links) <= set(headings)


def test_every_figure_has_its_formula() -> None:
    page = PAGES["kpis.md"]()
    codebook = load_codebook(PROJECT_ROOT / "seeds")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(codebook.metrics)
    assert [row for row in rows if "``" in row or "| |" in row or "n[]" in row] == []
    (effort,) = [row for row in rows if row.startswith("| `ces` ")]
    assert "| `moeite` | `100 (n[1 to 2] - n[4 to 5]) / n` | answered | points, 0 |" in effort
    (second, _) = [row for row in rows if "second judgement" in row]
    assert "`sum x / n`, counting 1 to 5.4 as 5 |" in second
    assert "weighted by `WEIGHT` of its files" in page


def test_every_command_has_its_help() -> None:
    page = PAGES["commands.md"]()
    headings = re.findall(r"^## (kto.*)$", page, re.M)
    assert headings[:2] == ["kto", "kto bad-rows"]
    assert {f"kto {name}" for name in main.commands} <= set(headings)
    assert page.count("-h, --help") == len(headings)


def test_the_contract_names_the_codes_of_no_answer() -> None:
    codebook = load_codebook(PROJECT_ROOT / "seeds")
    scales = {one.scale for one in codebook.questions_of(STUDY)}
    codes = {code for scale in scales for code in codebook.no_answers_of(scale)}
    assert codes
    assert [code for code in codes if f"`{code}`" not in CONTRACT] == []


def test_the_contract_names_every_key_of_the_status() -> None:
    runner = CliRunner()
    with runner.isolated_filesystem():
        said = runner.invoke(main, ["status", "--home", "home", "--landing", "landing", "--json"])
    found = json.loads(said.stdout)
    assert [key for key in found if f"`{key}`" not in CONTRACT] == []


@pytest.mark.parametrize("command", ["refresh", "status", "demo"])
def test_the_contract_names_every_option(command: str) -> None:
    (row,) = re.findall(rf"^\| `kto {command}.*$", CONTRACT, re.M)
    options = [name for one in main.commands[command].params for name in one.opts if "--" in name]
    assert options
    assert [name for name in options if name not in row] == []


def test_the_contract_says_which_readers_can_open_a_release() -> None:
    version = STORAGE_VERSION.removeprefix("v").removesuffix(".0")
    assert f"DuckDB {version} and newer" in " ".join(CONTRACT.split())
