"""Respondents by the dozen, and the cells they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

STARTS = {"2019Q2": "2019-04-01", "2020Q1": "2020-01-01", "2020Q2": "2020-04-01"}
ENDS = {"2019Q2": "2019-06-30", "2020Q1": "2020-03-31", "2020Q2": "2020-06-30"}
COMPARED = {"2020Q2": {"previous_period": "2020Q1", "year_ago_period": "2019Q2"}}
PERIODS = [
    {"study": "s", "period": period, "period_type": "quarter"}
    | {"period_start": STARTS[period], "period_end": ENDS[period], **COMPARED.get(period, {})}
    for period in STARTS
]
LEAST = 5.0
"""Effective number that a figure needs, half of the ten respondents it needs anyway."""
PERIOD = ("study", "organisation_code", "period")
EVERYTHING = dict.fromkeys(("channel", "product_code", "segment", "segment_value"), "all")


@dataclass(frozen=True)
class Sample:
    """Scores of respondents and their weights, as arrays of one length."""

    scores: np.ndarray
    weights: np.ndarray

    @property
    def effective(self) -> float:
        """How many unweighted respondents would be as certain (Kish)."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())

    @property
    def mean(self) -> float:
        return float(np.average(self.scores, weights=self.weights))

    @property
    def deviation(self) -> float:
        """Standard deviation, by the effective number less one."""
        variance = np.average((self.scores - self.mean) ** 2, weights=self.weights)
        return float(np.sqrt(variance * self.effective / (self.effective - 1)))


def draw(kind: str, n: int, random: np.random.Generator, *, weighted: bool) -> Sample:
    """`n` respondents whose scores are of this kind, around a random average."""
    weights = np.ones(n)
    while weighted and (weights.std() == 0 or Sample(weights, weights).effective < LEAST):
        weights = random.lognormal(0, 0.8, n)
    if kind == "grade":
        scores = np.clip(np.round(random.normal(random.uniform(5, 9), 1.5, n)), 1, 10)
    elif kind == "share":
        scores = 100.0 * (random.random(n) < random.uniform(0.05, 0.95))
    else:
        odds = random.dirichlet((2, 2, 2))
        scores = random.choice([-100.0, 0.0, 100.0], size=n, p=odds)
    return Sample(scores, weights)


def cell(organisation: str, period: str, metric: str, sample: Sample) -> dict[str, Any]:
    """The sums of one cell of study s, as the pipeline makes them of its respondents."""
    scores, weights = sample.scores, sample.weights
    return {
        "study": "s",
        "organisation_code": organisation,
        "period": period,
        "metric": metric,
        **EVERYTHING,
        "period_type": "quarter",
        "period_start": STARTS[period],
        "n": len(scores),
        "sum_weight": weights.sum(),
        "sum_weight_squared": (weights**2).sum(),
        "sum_score": (weights * scores).sum(),
        "sum_score_squared": (weights * scores**2).sum(),
    }


def inputs(
    cells: Iterable[Mapping[str, Any]], metric: Mapping[str, Any] | None = None, **study: str | int
) -> dict[str, list[dict[str, Any]]]:
    """Everything that the models read, all cells published and released.

    `study` are settings of the study.
    """
    rows = [dict(row) for row in cells]
    names = sorted({row["metric"] for row in rows})
    pattern = [
        {name: row[name] for name in ("study", "organisation_code", "period", *EVERYTHING)}
        | {"disclosure_group": row["metric"], "status": "published"}
        for row in rows
    ]
    periods = {tuple(row[name] for name in PERIOD) for row in rows}
    settings = {"population": "unknown", "benchmark_method": "mean_of_others"}
    settings |= {"benchmark_among": "all", "benchmark_min_organisations": 1}
    return {
        "int_cells": rows,
        "int_periods": PERIODS,
        "stg_period_states": [
            dict(zip(PERIOD, period, strict=True)) | {"is_released": True}
            for period in sorted(periods)
        ],
        "stg_pattern": pattern,
        "stg_metrics": [
            {"study": "s", "metric": name, "family": "mean", "disclosure_group": name}
            | {"decimals": 1, **(metric or {})}
            for name in names
        ],
        "stg_studies": [{"study": "s", **settings, **study}],
        "stg_organisations": [
            {"organisation_code": code} for code in sorted({r["organisation_code"] for r in rows})
        ],
    }
