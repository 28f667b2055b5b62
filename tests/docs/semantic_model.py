"""Writes dagster_project/release/semantic.yml: what the published tables mean, for BI tools.

Belongs here: from the contracts of the marts to the Open Semantic Interchange format. Does not
belong here: any table or column; their labels are in column_labels.csv.

It says how each figure may be summed up. A count of people adds up over organisations and periods
and over nothing else: rows of totals stand beside those of their parts, and a year beside its
quarters. Any other figure is that of one row: a mean of means is no mean.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from dagster_project.common.settings import PROJECT_ROOT

MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"
TARGET = PROJECT_ROOT / "dagster_project" / "release" / "semantic.yml"
LABELS = Path(__file__).with_name("column_labels.csv")
VERSION = "0.1.1"
MEASURES = frozenset({"double", "bigint", "integer"})
METRICS, QUESTIONS, DISTRIBUTIONS = "dim_metric", "dim_question", "mart_distribution"
HEAD = """\
# What the tables of a release mean, in the format of the Open Semantic Interchange. `make docs`
# writes it from the contracts that dbt enforces.
"""
RULES = (
    "Sources are views in schema main of kto.duckdb. The copy in PostgreSQL has the tables in "
    "schema marts, but dim_metric and dim_question in schema bi. Every figure is shown as it is: "
    "never average value, share or any other figure, and never add up n over metrics, channels, "
    "products, segments or answers, since rows with 'all' are the totals of the others and a year "
    "is the sum of its quarters. Only counts add up, over organisations and over periods of one "
    "kind; the metrics do that and are null where a selection mixes anything else. A row whose "
    "status is suppressed is null: show it as hidden, never as 0. Labels in Dutch and English are "
    "in the dimensions."
)


def semantic_model() -> str:
    """The whole file."""
    models = {model["name"]: model for model in _models()}
    tables = dict(sorted(models.items(), key=lambda one: (one[0].startswith("dim_"), one[0])))
    keys = {name: _key(model) for name, model in tables.items()}
    # of the views on metrics each has one family, so that the family is no part of their keys
    keys[METRICS] = [column for column in keys[METRICS] if column != "family"]
    tables[QUESTIONS], keys[QUESTIONS] = tables[METRICS], keys[METRICS]
    labels = _labels()
    content = {
        "version": VERSION,
        "semantic_model": [
            {
                "name": "kto",
                "description": "Published figures on satisfaction with public services.",
                "ai_context": {"instructions": RULES},
                "datasets": [_dataset(name, tables[name], keys[name], labels) for name in tables],
                "relationships": list(_relationships(tables, keys)),
                "metrics": [
                    metric
                    for name, model in tables.items()
                    if name.startswith("mart_") and "config" not in model
                    for metric in _metrics(model, keys[name], labels)
                ],
            }
        ],
    }
    return HEAD + yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )


def _models() -> Iterator[dict[str, Any]]:
    for file in sorted(MARTS.glob("*.yml")):
        yield from yaml.safe_load(file.read_text("utf-8"))["models"]


def _labels() -> dict[str, dict[str, str]]:
    with LABELS.open(encoding="utf-8", newline="") as file:
        return {row["column"]: row for row in csv.DictReader(file)}


def _key(model: Mapping[str, Any]) -> list[str]:
    """Read the key from the test that holds the table to it."""
    for test in model.get("data_tests", []):
        if isinstance(test, dict) and "unique_key" in test:
            return list(test["unique_key"]["arguments"]["columns"])
    return [one["name"] for one in model["columns"] if "unique" in one.get("data_tests", [])]


def _dataset(
    name: str, model: Mapping[str, Any], key: list[str], labels: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    only = {METRICS: " Here: without distributions.", QUESTIONS: " Here: distributions only."}
    return {
        "name": name,
        "source": f"main.{name}",
        "primary_key": list(key),
        "description": model["description"] + only.get(name, ""),
        "fields": [_field(column, key, labels[column["name"]]) for column in model["columns"]],
    }


def _field(column: Mapping[str, Any], key: list[str], labels: Mapping[str, str]) -> dict[str, Any]:
    name = column["name"]
    field = {"name": name, "expression": _ansi(name)}
    if name in key or column["data_type"] not in MEASURES:
        field["dimension"] = {"is_time": column["data_type"] == "date"}
    return field | {
        "label": labels["label_en"],
        "description": column["description"],
        "ai_context": {"synonyms": [labels["label_nl"]]},
    }


def _relationships(
    tables: Mapping[str, Any], keys: Mapping[str, list[str]]
) -> Iterator[dict[str, Any]]:
    """Join a mart to each dimension whose whole key it has."""
    for mart in tables:
        columns = {column["name"] for column in tables[mart]["columns"]}
        for dimension, key in keys.items():
            other = METRICS if mart == DISTRIBUTIONS else QUESTIONS
            facts = mart.startswith("mart_") and dimension.startswith("dim_")
            if facts and dimension != other and set(key) <= columns:
                yield {
                    "name": f"{mart}_to_{dimension}",
                    "from": mart,
                    "to": dimension,
                    "from_columns": list(key),
                    "to_columns": list(key),
                }


def _metrics(
    model: Mapping[str, Any], key: list[str], labels: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    """Say of each number how it may be summed up: as a count, or not at all."""
    table, columns = model["name"], [column["name"] for column in model["columns"]]
    fixed = [name for name in key if name != "organisation_code"]
    if "period_type" in columns:
        # a year stands beside its quarters
        fixed[fixed.index("period")] = "period_type"
    over = "organisations" + (" and periods of one kind" if "period_type" in columns else "")
    alone = " AND ".join(f"COUNT(DISTINCT {table}.{name}) = 1" for name in fixed)
    for column in model["columns"]:
        name = column["name"]
        if name in key or column["data_type"] not in MEASURES:
            continue
        adds_up = bool(labels[name]["adds_up"])
        whole = f"CASE WHEN {alone} THEN SUM({table}.{name}) END"
        single = f"CASE WHEN COUNT(*) = 1 THEN MAX({table}.{name}) END"
        how = (
            f"Adds up over {over}, where it is not hidden."
            if adds_up
            else "Of one row; null where a selection has more, as it neither adds up nor averages."
        )
        yield {
            "name": f"{table.removeprefix('mart_')}_{name}",
            "expression": _ansi(whole if adds_up else single),
            "description": f"{column['description']} {how}",
            "ai_context": {"synonyms": [labels[name]["label_en"], labels[name]["label_nl"]]},
        }


def _ansi(expression: str) -> dict[str, Any]:
    return {"dialects": [{"dialect": "ANSI_SQL", "expression": expression}]}
