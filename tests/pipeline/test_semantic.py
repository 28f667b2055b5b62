"""What a release says of its tables to BI tools is so: columns, keys, joins, and how to sum up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.common.settings import PROJECT_ROOT, Settings

MADE_OF_MARTS = PROJECT_ROOT / "dbt_project" / "models" / "_exposures.yml"
MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"


@pytest.fixture(scope="module")
def current(studies: Settings) -> Path:
    return studies.published / "current"


@pytest.fixture(scope="module")
def model(current: Path) -> dict[str, Any]:
    described = yaml.safe_load((current / "semantic.yml").read_text("utf-8"))
    (model,) = described["semantic_model"]
    return dict(model)


@pytest.fixture(scope="module")
def release(current: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(current / "kto.duckdb", read_only=True) as connection:
        yield connection


def expression(one: dict[str, Any]) -> str:
    (only,) = one["expression"]["dialects"]
    return str(only["expression"])


def test_every_table_has_its_columns_and_one_row_per_key(
    model: dict[str, Any], release: duckdb.DuckDBPyConnection
) -> None:
    published = {path.stem for path in MARTS.glob("*.sql")}
    assert {one["name"] for one in model["datasets"]} == published | {"dim_question"}
    for one in model["datasets"]:
        source, key = one["source"], ", ".join(one["primary_key"])
        columns = [row[0] for row in release.execute(f"describe {source}").fetchall()]
        assert [field["name"] for field in one["fields"]] == columns
        assert [expression(field) for field in one["fields"]] == columns
        twice = f"select {key} from {source} group by {key} having count(*) > 1"
        assert key
        assert release.execute(twice).fetchall() == [], source


def test_every_join_finds_one_row(
    model: dict[str, Any], release: duckdb.DuckDBPyConnection
) -> None:
    assert len(model["relationships"]) > 40
    for one in model["relationships"]:
        on = " and ".join(
            f"a.{left} = b.{right}"
            for left, right in zip(one["from_columns"], one["to_columns"], strict=True)
        )
        known = " and ".join(f"a.{name} is not null" for name in one["from_columns"])
        found = f"(select count(*) from main.{one['to']} as b where {on})"
        other = f"select * from main.{one['from']} as a where {known} and {found} <> 1"
        assert release.execute(other).fetchall() == [], one["name"]


def test_a_metric_of_one_row_is_the_figure_and_of_more_rows_is_no_mean(
    model: dict[str, Any], release: duckdb.DuckDBPyConnection
) -> None:
    keys = {one["name"]: ", ".join(one["primary_key"]) for one in model["datasets"]}
    summed = set()
    for one in model["metrics"]:
        told = expression(one)
        (table,) = [name for name in keys if f"({name}." in told]
        column = one["name"].removeprefix(table.removeprefix("mart_") + "_")
        rows = f"select {keys[table]}, {told} from main.{table} group by {keys[table]}"
        plain = f"select {keys[table]}, {column} from main.{table}"
        assert release.execute(f"({rows}) except ({plain})").fetchall() == [], one["name"]
        if "SUM(" in told:
            summed.add(one["name"])
        elif release.execute(f"select count(*) > 1 from main.{table}").fetchall()[0][0]:
            assert release.execute(f"select {told} from main.{table}").fetchall() == [(None,)]
    assert {"kpi_n", "response_responses", "distribution_n"} < summed
    assert (
        summed & {"kpi_value", "kpi_margin", "distribution_share", "response_response_rate"}
        == set()
    )


def test_a_count_adds_up_over_organisations_and_over_nothing_else(
    model: dict[str, Any], release: duckdb.DuckDBPyConnection
) -> None:
    (told,) = [expression(one) for one in model["metrics"] if one["name"] == "response_responses"]
    cell = "study, period, channel, product_code"
    counted = release.execute(
        f"select {cell}, {told}, sum(responses), count(*) from main.mart_response group by {cell}"
    ).fetchall()
    assert max(row[-1] for row in counted) > 1
    assert [row for row in counted if row[-3] != row[-2]] == []
    whole = release.execute(f"select {told} from main.mart_response").fetchall()
    assert whole == [(None,)]
    by_channel = release.execute(
        f"select channel, {told} from main.mart_response where study = 'nvvb' group by channel"
    ).fetchall()
    assert {number for _, number in by_channel} == {None}, "products are added to their totals"


def test_it_is_the_description_that_comes_with_the_software(current: Path) -> None:
    shipped = PROJECT_ROOT / "dagster_project" / "release" / "semantic.yml"
    assert (current / "semantic.yml").read_bytes() == shipped.read_bytes()
    text = shipped.read_text("utf-8")
    assert "never average" in text
    assert "Respondenten" in text


def test_what_is_made_of_the_marts_is_known_to_dbt() -> None:
    exposures = yaml.safe_load(MADE_OF_MARTS.read_text("utf-8"))["exposures"]
    made = {one["name"]: set(one["depends_on"]) for one in exposures}
    every = {f"ref('{path.stem}')" for path in MARTS.glob("*.sql")}
    assert made["kto_duckdb"] == made["postgres_copy"] == every
    drawing = (PROJECT_ROOT / "dagster_project" / "factsheet").glob("*.py")
    code = "\n".join(path.read_text("utf-8") for path in drawing)
    assert made["factsheets"] == {
        f"ref('{path.stem}')" for path in MARTS.glob("*.sql") if f'"{path.stem}"' in code
    }
