"""What the published tables promise, read from where the promise is made: dbt and the codebook.

Belongs here: columns, types and keys of each mart; the least number of respondents per study; the
range and decimals of each figure. Does not belong here: judging a release by them (gates).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.codebook import Codebook, Metric
from dagster_project.priority import MOST_INFLATION
from dagster_project.release.manifest import SCHEMA, ReleaseError

DISTRIBUTION = "distribution"
IMPORTANCE = {"correlation": 1.0, "regression": math.sqrt(MOST_INFLATION)}
"""The most that importance can be, by the method that finds it: a coefficient's square is at most
the inflation factor of its aspect."""


@dataclass(frozen=True)
class TableContract:
    """One published table: (column, SQL type) in order, and the columns of its key."""

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """What a metric's value may be: its least and greatest value, and the decimals shown."""

    lower: float
    upper: float
    decimals: int


@dataclass(frozen=True)
class Priority:
    """What a study asks of its priorities: fewest respondents, and the most importance can be."""

    min_n: int
    most: float


@dataclass(frozen=True)
class Publication:
    """What a study judges and by which norms; None is no norm, `second` None no second judgement.

    `judged` and `second` name metrics of the study.
    """

    judged: str
    second: str | None
    norm_overall: float | None
    norm_per_product: float | None


@dataclass(frozen=True)
class Rules:
    """Everything a release is measured by.

    `contract` by table name, `min_n`, `priorities` and `publications` by study, `figures` by
    (study, metric).
    """

    contract: Mapping[str, TableContract]
    min_n: Mapping[str, int]
    figures: Mapping[tuple[str, str], Figure]
    priorities: Mapping[str, Priority] = field(default_factory=dict)
    publications: Mapping[str, Publication] = field(default_factory=dict)


def rules_from(codebook: Codebook, contract: Mapping[str, TableContract]) -> Rules:
    """Combine the contract of the tables with the codebook's rules per study and metric."""
    return Rules(
        contract=contract,
        min_n={study.study: study.min_n for study in codebook.studies},
        figures={
            (metric.study, metric.metric): figure_of(codebook, metric)
            for metric in codebook.metrics
            if metric.family != DISTRIBUTION
        },
        priorities={
            study.study: Priority(study.priority_min_n, IMPORTANCE[study.priority_method])
            for study in codebook.studies
        },
        publications={
            rule.study: Publication(
                rule.judged_metric,
                rule.second_judgement_metric,
                rule.norm_overall,
                rule.norm_per_product,
            )
            for rule in codebook.publication_rules
        },
    )


def read_contract(manifest: Path) -> dict[str, TableContract]:
    """Read the contracts that dbt enforces on the marts from its `manifest.json`.

    The key of a table is what its test `unique_key` (or `unique`, for one column) names.

    Raises:
        ReleaseError: no manifest, or a mart without an enforced contract or a key.

    """
    try:
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    except (OSError, ValueError, KeyError) as fault:
        raise ReleaseError(
            f"{manifest} cannot be read ({fault}); run `kto refresh`, which makes it"
        ) from fault
    keys = _keys(nodes.values())
    marts = [
        (unique_id, node)
        for unique_id, node in sorted(nodes.items())
        if node["resource_type"] == "model" and node["schema"] == SCHEMA
    ]
    return {
        node["alias"]: _table_contract(node, keys.get(unique_id, ())) for unique_id, node in marts
    }


def _table_contract(node: Mapping[str, Any], key: tuple[str, ...]) -> TableContract:
    columns = tuple(
        (column["name"], column["data_type"] or "") for column in node["columns"].values()
    )
    enforced = node["config"].get("contract", {}).get("enforced", False)
    if not (enforced and columns and all(kind for _, kind in columns)):
        raise ReleaseError(
            f"Model {node['name']} is published without an enforced contract; give every column a "
            "data_type in its .yml and leave `contract: enforced` on"
        )
    if not key:
        raise ReleaseError(
            f"Model {node['name']} is published without a key; add the test unique_key to its .yml"
        )
    return TableContract(columns, key)


def _keys(nodes: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Columns of the key by the model's unique id."""
    keys: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        test = node.get("test_metadata") or {}
        arguments = test.get("kwargs", {})
        if test.get("name") == "unique_key":
            keys[node["attached_node"]] = tuple(arguments["columns"])
        elif test.get("name") == "unique":
            keys.setdefault(node["attached_node"], (arguments["column_name"],))
    return keys


def figure_of(codebook: Codebook, metric: Metric) -> Figure:
    """Range of a metric: of its bands' points where it has bands, else of its questions' scales."""
    bands = codebook.bands_of(metric.study, metric.metric)
    numbers = [
        points
        for band in bands
        for points in ((band.lower, band.upper) if band.points is None else (band.points,))
    ] or [
        number
        for question in codebook.questions_of_metric(metric.study, metric.metric)
        for number in _scale_numbers(codebook, codebook.question(metric.study, question).scale)
    ]
    return Figure(min(numbers), max(numbers), metric.decimals)


def _scale_numbers(codebook: Codebook, scale_id: str) -> list[float]:
    scale = codebook.scale(scale_id)
    if scale.minimum is not None and scale.maximum is not None:
        return [scale.minimum, scale.maximum]
    return [value.number for value in codebook.values_of(scale_id) if value.number is not None]
