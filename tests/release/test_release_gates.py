"""Each gate closes on the fault it is there for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_release import RULES, TABLES, failures, make_warehouse, settings_in, stage

from dagster_project.codebook import load_codebook
from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.release.contract import (
    Figure,
    Priority,
    Publication,
    TableContract,
    read_contract,
    rules_from,
)
from dagster_project.release.data_docs import without_outside
from dagster_project.release.gates import judge, validate
from dagster_project.release.manifest import ReleaseError

BAR = "where organisation_code = 'A' and channel = 'bar'"
TERRACE = "where channel = 'terrace'"


def judged(folder: Path, *changes: str):
    settings = settings_in(folder)
    make_warehouse(settings, *changes)
    return judge(stage(settings), RULES)


def test_opens_for_a_release_that_keeps_the_contract(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    result = judged(tmp_path)
    assert failures(result) == set()
    assert result.success
    assert len(result.expectations) > 50
    assert result.summary() == f"{len(result.expectations)} of {len(result.expectations)} met"
    assert "Calculating Metrics" not in "".join(capfd.readouterr())


DOCTORED = {
    "suppressed rows that show something": (
        [
            f"update mart_kpi set value = 8.5 {TERRACE}",
            f"update mart_distribution set n = 12 {TERRACE}",
        ],
        {
            "mart_kpi: value is null in suppressed rows",
            "mart_distribution: n is null in suppressed rows",
        },
    ),
    "nine respondents published": (
        [f"update mart_kpi set n = 9 {BAR}"],
        {"mart_kpi: n is 10 or more where published, study cafe"},
    ),
    "keys that are double or null": (
        [
            "insert into mart_kpi from mart_kpi where organisation_code = 'B'",
            f"update mart_kpi set channel = null {BAR}",
        ],
        {
            "mart_kpi: mart_kpi has one row per key",
            "mart_kpi: channel is part of the key and never null",
            "references: every reference to a dimension is known there",
        },
    ),
    "a share of 101, a margin below zero, a grade of 11": (
        [
            "update mart_distribution set share = 101 where answer = '8' and share = 100",
            f"update mart_kpi set margin = -0.1, value = 11, value_rounded = 11 {BAR}",
        ],
        {
            "mart_distribution: share lies between 0 and 100",
            "mart_kpi: margin is not negative",
            "figures: value is not above its scale",
            "figures: value_rounded is not above its scale",
        },
    ),
    "a tie rounded down": (
        ["update mart_kpi set value_rounded = 7.2 where value = 7.25"],
        {"figures: value_rounded is value, rounded"},
    ),
    "published rows without their figures": (
        [
            f"update mart_kpi set n = null {BAR}",
            "update mart_kpi set value = null where organisation_code = 'B'",
        ],
        {
            "mart_kpi: n is known in published rows",
            "figures: value is known where published",
        },
    ),
    "a figure that is not a number": (
        [f"update mart_kpi set margin = 'nan' {BAR}"],
        {"files: no figure is infinite or not a number"},
    ),
    "a status and a metric that nobody knows": (
        [
            f"update mart_kpi set status = 'small' {TERRACE}",
            f"update mart_kpi set metric = 'smell' {BAR}",
        ],
        {
            "mart_kpi: status is published or suppressed",
            "figures: every metric is in the codebook",
            "references: every reference to a dimension is known there",
        },
    ),
    "a period that starts on another day than its dimension says": (
        [f"update mart_kpi set period_start = date '2020-10-02' {BAR}"],
        {"references: every reference to a dimension is known there"},
    ),
    "an empty dimension": (
        [
            "delete from dim_metric",
        ],
        {
            "dim_metric: dim_metric is not empty",
            "references: every reference to a dimension is known there",
        },
    ),
    "an e-mail address in a label": (
        ["update dim_organisation set name = 'mail bep@example.nl'"],
        {"texts: no text looks like an e-mail address, a citizen service or a mobile number"},
    ),
    "a personal column": (
        ["alter table mart_kpi add column respondent_email varchar"],
        {
            "columns: no column is named like personal data",
            "columns: columns and their order are the contract's",
            "columns: types are the contract's",
        },
    ),
    "columns in another order": (
        [
            "alter table dim_channel rename study to aside",
            "alter table dim_channel rename channel to study",
            "alter table dim_channel rename aside to channel",
            "update dim_channel set channel = study, study = channel",
        ],
        {"columns: columns and their order are the contract's"},
    ),
    "a column of another type": (
        ["alter table mart_kpi alter n type integer"],
        {"columns: types are the contract's"},
    ),
    "a table too many and one too few": (
        ["create table mart_extra as select 1::bigint as one", "drop table mart_distribution"],
        {
            "files: every table is in the contract",
            "files: row counts agree with the manifest",
            "files: Parquet files are those of the manifest",
            "columns: columns and their order are the contract's",
            "columns: types are the contract's",
        },
    ),
}


@pytest.mark.parametrize("name", DOCTORED)
def test_closes_on_and_only_on(name: str, tmp_path: Path):
    changes, expected = DOCTORED[name]
    assert failures(judged(tmp_path, *changes)) == expected


def test_a_weighted_mean_may_miss_its_scale_by_the_rounding_of_a_double(tmp_path: Path):
    result = judged(
        tmp_path,
        f"update mart_kpi set value = 10.000000000000002, value_rounded = 10 {BAR}",
        "update mart_distribution set share = 100.00000000000001 where share = 100",
    )
    assert failures(result) == set()


def test_an_expectation_that_cannot_be_evaluated_is_a_failure(tmp_path: Path):
    found = failures(judged(tmp_path, "alter table mart_kpi drop column margin"))
    assert any(
        text.startswith("mart_kpi: margin is not negative (could not be evaluated: ")
        for text in found
    )


def test_closes_on_files_that_are_not_those_of_the_manifest(tmp_path: Path):
    settings = settings_in(tmp_path)
    make_warehouse(settings)
    staged = stage(settings)
    parquet = staged.path / "parquet" / "dim_channel.parquet"
    duckdb.execute(f"copy (select 'cafe' as study, 'bar' as channel) to '{parquet}'")
    assert failures(judge(staged, RULES)) >= {
        "files: row counts agree with the manifest",
        "files: Parquet files are those of the manifest",
        "files: DuckDB file and Parquet hold the same",
    }


def test_a_staged_release_that_cannot_be_read_is_a_failure_and_no_crash(tmp_path: Path):
    settings = settings_in(tmp_path)
    make_warehouse(settings)
    staged = stage(settings)
    (staged.path / "parquet" / "mart_kpi.parquet").write_bytes(b"PAR1 and nothing else")
    result = validate(settings, staged, RULES)
    assert not result.success
    assert "the staged release cannot be read" in result.summary()


def test_data_docs_reach_no_other_host_and_hold_no_figure(tmp_path: Path):
    settings = settings_in(tmp_path)
    make_warehouse(settings, f"update mart_kpi set value = 8.731 {TERRACE}")
    assert not validate(settings, stage(settings), RULES).success
    pages = list(settings.data_docs.rglob("*.html"))
    assert {path.suffix for path in settings.data_docs.rglob("*") if path.is_file()} == {".html"}
    assert settings.data_docs / "index.html" in pages
    assert len(pages) == len(TABLES) + 6 + 1
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"(?:https?:)?//[a-z0-9]", text, re.IGNORECASE), page
        assert not re.search(r"<(script|link|img|iframe)\b|@import|url\(", text), page
        assert "<style>" in text
        assert "8.731" not in text
    index = (settings.data_docs / "index.html").read_text(encoding="utf-8")
    assert "value is null in suppressed rows" in index
    assert "Internal" in index


def test_links_of_data_docs_lead_somewhere(tmp_path: Path):
    settings = settings_in(tmp_path)
    make_warehouse(settings)
    assert validate(settings, stage(settings), RULES).success
    for page in settings.data_docs.rglob("*.html"):
        for link in re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8")):
            assert (page.parent / link).is_file(), (page, link)


def test_rewriting_a_page_drops_what_loads_and_keeps_what_is_read():
    page = (
        '<!DOCTYPE html><html><head><link rel="stylesheet" href="https://x.example/a.css">'
        "<style>b{background:url(//x.example)}</style></head><body onload='go()'>"
        '<script>if (a < b) { "</p>" }</script><img src="//x.example/i.png"/>'
        '<a href="https://x.example">out</a> <a href="in.html">in</a> &lt;b&gt; &#169;'
        '<i class="fas fa-times text-danger"></i></body></html>'
    )
    body = without_outside(page).partition("</head>")[2]
    assert body == (
        '<body><a>out</a> <a href="in.html">in</a> &lt;b&gt; &#169;'
        '<i class="fas fa-times text-danger">✘ </i></body></html>'
    )


def test_reads_columns_types_and_keys_from_the_dbt_manifest(tmp_path: Path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"nodes": dbt_nodes()}))
    assert read_contract(manifest) == {
        "mart_one": TableContract((("study", "varchar"), ("n", "bigint")), ("study",)),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda nodes: nodes.pop("test.key"), "mart_one is published without a key"),
        (
            lambda nodes: nodes["model.mart_one"]["config"].update(contract={"enforced": False}),
            "mart_one is published without an enforced contract",
        ),
        (
            lambda nodes: nodes["model.mart_one"]["columns"]["n"].update(data_type=None),
            "give every column a data_type",
        ),
    ],
)
def test_a_mart_without_contract_or_key_is_named(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
):
    nodes = dbt_nodes()
    change(nodes)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"nodes": nodes}))
    with pytest.raises(ReleaseError, match=message):
        read_contract(manifest)


def dbt_nodes():
    columns = {
        "study": {"name": "study", "data_type": "varchar"},
        "n": {"name": "n", "data_type": "bigint"},
    }
    return {
        "model.mart_one": {
            "resource_type": "model",
            "schema": "marts",
            "name": "mart_one",
            "alias": "mart_one",
            "config": {"contract": {"enforced": True}},
            "columns": columns,
        },
        "model.int_one": {"resource_type": "model", "schema": "intermediate"},
        "test.key": {
            "resource_type": "test",
            "schema": "tests",
            "attached_node": "model.mart_one",
            "test_metadata": {"name": "unique_key", "kwargs": {"columns": ["study"]}},
        },
    }


def test_figures_take_their_range_from_bands_or_scales():
    rules = rules_from(load_codebook(PROJECT_ROOT / "seeds"), {})
    assert rules.figures["nvvb", "totaaloordeel"] == Figure(1, 10, 1)
    assert rules.figures["nvvb", "ces"] == Figure(-100, 100, 0)
    assert rules.figures["nvvb", "in_een_keer"] == Figure(0, 100, 0)
    assert rules.figures["sfo", "q7all"] == Figure(1, 5, 2)
    # every insufficient grade counts as a 5, and others stay what they are
    assert rules.figures["blik_op_werk", "totaaloordeel_tweede_oordeel"] == Figure(5, 10, 1)
    assert rules.publications["blik_op_werk"] == Publication(
        "totaaloordeel", "totaaloordeel_tweede_oordeel", 6.5, 5.5
    )
    assert rules.min_n["nvvb"] == 10
    assert rules.priorities["nvvb"] == Priority(30, 1.0)
