"""The numbers that Dagster plots of a table."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from dagster_project.orchestration.assets.measures import measures


def node(schema: str, alias: str, *columns: str, materialized: str = "table") -> dict[str, Any]:
    return {
        "unique_id": f"model.kto.{alias}",
        "schema": schema,
        "alias": alias,
        "columns": {name: {} for name in columns},
        "config": {"materialized": materialized},
    }


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    """Four figures, of which one is hidden and one is not due; and a table without any."""
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute("create schema intermediate")
    connection.execute(
        "create table marts.mart_kpi as select * from (values ('published', 20), "
        "('published', 12), ('suppressed', null), ('no_data', 0)) as t(status, n)"
    )
    connection.execute("create table marts.dim_study as select 'desk' as study")
    connection.execute(
        "create table intermediate.int_cells as select 'published' as status, 3 as n"
    )
    return connection


def test_a_table_of_figures_tells_its_rows_how_many_are_hidden_and_on_how_many_answers_they_rest(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert measures(warehouse, [node("marts", "mart_kpi", "status", "n")]) == {
        "model.kto.mart_kpi": {
            "dagster/row_count": 4,
            "hidden rows, %": 25.0,
            "answers behind published rows": 32,
        }
    }


def test_any_other_table_tells_its_rows_only_and_a_view_nothing(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    nodes = [
        node("marts", "dim_study", "study"),
        node("intermediate", "int_cells", "status", "n"),
        node("staging", "stg_studies", materialized="view"),
    ]
    assert measures(warehouse, nodes) == {
        "model.kto.dim_study": {"dagster/row_count": 1},
        "model.kto.int_cells": {"dagster/row_count": 1},
    }
    assert measures(warehouse, nodes[2:]) == {}
