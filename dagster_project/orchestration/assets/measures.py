"""Numbers of a table that Dagster plots over runs: rows, and of figures how many are hidden.

Belongs here: counting what dbt has just written. Does not belong here: figures themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from dagster_project.common.sql_text import literal

STORED = frozenset({"table", "incremental"})
HIDDEN = "hidden rows, %"
ANSWERS = "answers behind published rows"
"""Answers count once for each row that rests on them: a total, its parts, every metric."""
COUNTED = ("n", "responses")
"""Columns that say on how many answers a row rests."""


def measures(
    warehouse: duckdb.DuckDBPyConnection, nodes: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, int | float]]:
    """Count rows of models, given as in dbt's manifest; those that are views have none.

    Returns:
        By unique id: metadata. `HIDDEN` is the share of suppressed rows of a table with a status,
        in percent, and `ANSWERS` the sum of what its published rows rest on.

    """
    queries = [_query(node) for node in nodes if node["config"]["materialized"] in STORED]
    if not queries:
        return {}
    found: dict[str, dict[str, int | float]] = {}
    for unique_id, rows, hidden, answers in warehouse.execute(
        " union all ".join(queries)
    ).fetchall():
        found[unique_id] = {"dagster/row_count": rows}
        if hidden is not None:
            found[unique_id][HIDDEN] = round(100 * hidden / max(1, rows), 2)
        if answers is not None:
            found[unique_id][ANSWERS] = answers
    return found


def _query(node: Mapping[str, Any]) -> str:
    has_status = node["schema"] == "marts" and "status" in node["columns"]
    counted = next((name for name in COUNTED if has_status and name in node["columns"]), None)
    hidden = "count(*) filter (status = 'suppressed')" if has_status else "null"
    answers = (
        f"coalesce(sum({counted}) filter (status = 'published'), 0)::bigint" if counted else "null"
    )
    return (
        f"select {literal(node['unique_id'])}, count(*), {hidden}, {answers} "
        f"from {node['schema']}.{node['alias']}"
    )
