"""The project's own SQL, from cells to comparisons, on cells that a test makes up.

dbt renders the models once; then they run as they are, on tables that stand for what they read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.warehouse.dbt import invoke

MODELS = (
    "int_published_cells",
    "int_figures",
    "int_benchmarks",
    "int_organisations_now",
    "int_merged_figures",
    "int_changes",
    "int_compared_cells",
)
"""In the order in which they read one another."""

PLACE = {
    **dict.fromkeys(("study", "organisation_code", "period", "channel"), "varchar"),
    **dict.fromkeys(("product_code", "segment", "segment_value"), "varchar"),
}
SUMS = dict.fromkeys(
    ("sum_weight", "sum_weight_squared", "sum_score", "sum_score_squared"), "double"
)
INPUTS: dict[str, dict[str, str]] = {
    "intermediate.int_cells": {
        **PLACE,
        "metric": "varchar",
        "period_type": "varchar",
        "period_start": "date",
        "n": "bigint",
        **SUMS,
    },
    "intermediate.int_published_responses": {
        **PLACE,
        **dict.fromkeys(("invited", "responses", "responses_invited"), "bigint"),
    },
    "intermediate.int_periods": {
        **dict.fromkeys(("study", "period", "period_type", "previous_period"), "varchar"),
        "year_ago_period": "varchar",
        **dict.fromkeys(("period_start", "period_end"), "date"),
    },
    "staging.stg_kept_published_cells": {
        **PLACE,
        **dict.fromkeys(("period_type", "metric", "status"), "varchar"),
        "period_start": "date",
        "n": "bigint",
        **dict.fromkeys(("n_weighted", "n_effective", "value", "variance"), "double"),
    },
    "staging.stg_period_states": {
        **dict.fromkeys(("study", "organisation_code", "period"), "varchar"),
        "is_released": "boolean",
    },
    "staging.stg_pattern": {**PLACE, "disclosure_group": "varchar", "status": "varchar"},
    "staging.stg_metrics": {
        **dict.fromkeys(("study", "metric", "family", "disclosure_group"), "varchar"),
        "decimals": "integer",
        "new_series_from": "date",
    },
    "staging.stg_studies": {
        **dict.fromkeys(("study", "population", "benchmark_method", "benchmark_among"), "varchar"),
        "benchmark_min_organisations": "integer",
    },
    "staging.stg_organisations": {"organisation_code": "varchar", "size_class": "varchar"},
    "staging.stg_organisation_mergers": {
        "from_code": "varchar",
        "to_code": "varchar",
        "effective_from": "date",
    },
}
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ProjectSql:
    """The rendered models, by name."""

    rendered: Mapping[str, str]

    def run(self, folder: Path, rows: Mapping[str, Rows]) -> duckdb.DuckDBPyConnection:
        """Build every model on these rows of its inputs; those that are not named are empty."""
        engine = duckdb.connect(str(folder / "warehouse.duckdb"))
        for table, columns in INPUTS.items():
            schema, _, name = table.partition(".")
            shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            engine.execute(f"create schema if not exists {schema}; create table {table} ({shape})")
            if name in rows:
                frame = pd.DataFrame(list(rows[name])).reindex(columns=list(columns))
                frame = frame.astype(object).where(frame.notna(), None)
                engine.register("given", frame)
                listed = ", ".join(f"cast({column} as {kind})" for column, kind in columns.items())
                engine.execute(f"insert into {table} select {listed} from given")
                engine.unregister("given")
        for name in MODELS:
            engine.execute(f"create table intermediate.{name} as {self.rendered[name]}")
        return engine


def render(folder: Path) -> ProjectSql:
    """Let dbt render the models for a home in `folder`."""
    settings = Settings(root=PROJECT_ROOT, landing=folder, home=folder)
    result = invoke(settings, folder / "target", ["compile", "--select", *MODELS])
    return ProjectSql({one.node.name: one.node.compiled_code for one in result.results})
