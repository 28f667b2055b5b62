"""An explanation as JSON, for programs.

Belongs here: which names its parts have. Does not belong here: wording.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dagster_project.explain.explanation import Explanation


def explanation_json(found: Explanation) -> dict[str, Any]:
    """Give the whole explanation as JSON values; texts are in both languages.

    `release`, `time`; `figure`: the columns of `mart_kpi`; `metric`: those of `dim_metric`;
    `measured`: `questions`, `bands`, `min_items`; `rule`: `min_n`; and, of a published figure,
    `worked_back`, `compared`, `vintage`, `checks`, `deliveries` (null for a bare copy), `missing`.
    """
    told: dict[str, Any] = {
        "release": found.release,
        "time": found.time,
        "figure": found.row,
        "metric": found.metric,
        "measured": asdict(found.measured) if found.measured else None,
        "rule": {"min_n": found.study.min_n if found.study else None},
    }
    if not found.suppressed:
        told |= {
            "worked_back": asdict(found.worked) if found.worked else None,
            "compared": [asdict(one) for one in found.compared],
            "vintage": found.vintage,
            "checks": list(found.checks),
            "deliveries": None
            if found.deliveries is None
            else [asdict(one) for one in found.deliveries],
        }
    return told | {"missing": list(found.missing)}
