"""A release of a few rows, by hand, and the codebook of the project."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from one_cell import CELL

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.explain import Asked, Explanation, explain
from dagster_project.explain.released import Released
from dagster_project.release.manifest import Manifest, read_manifest

Figure = dict[str, Any]
Explain = Callable[..., Explanation]

KEY = CELL | {"metric": "ces"}
FIGURES = {
    **dict.fromkeys(("n", "benchmark_organisations"), pl.Int64),
    **dict.fromkeys(
        ("n_weighted", "value", "value_rounded", "margin", "previous_value", "change"), pl.Float64
    ),
    **dict.fromkeys(("year_ago_value", "year_ago_change", "benchmark_value"), pl.Float64),
    **dict.fromkeys(
        ("change_significant", "year_ago_significant", "benchmark_significant"), pl.Boolean
    ),
}
TEXTS = ("label_nl", "label_en", "definition_nl", "definition_en")
KPI = {**dict.fromkeys((*KEY, "status"), pl.String), **FIGURES}
RESPONSE = {
    **dict.fromkeys(("study", "organisation_code", "period", "channel", "product_code"), pl.String),
    **dict.fromkeys(("invited", "responses", "responses_invited"), pl.Int64),
}


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook(PROJECT_ROOT / "seeds")


@pytest.fixture
def publish(tmp_path: Path, codebook: Codebook) -> Callable[..., Released]:
    def published(
        *rows: Figure, responses: tuple[Figure, ...] = (), revised: str | None = None
    ) -> Released:
        folder = tmp_path / "release"
        (folder / "parquet").mkdir(parents=True, exist_ok=True)
        tables = _tables(rows, responses, revised, codebook)
        for name, table in tables.items():
            table.write_parquet(folder / "parquet" / f"{name}.parquet")
        sums = {
            name: hashlib.sha256((folder / "parquet" / f"{name}.parquet").read_bytes()).hexdigest()
            for name in tables
        }
        Manifest(
            "20210115T060000Z-aaaaaaaa",
            "2021-01-15T06:00:00+00:00",
            "kto-pipeline 0.1.0",
            ("d1", "d2"),
            {name: table.height for name, table in tables.items()},
            sums,
            ("attack", "final_unchanged"),
        ).write(folder)
        return Released(folder, read_manifest(folder))

    return published


def _tables(
    rows: tuple[Figure, ...],
    responses: tuple[Figure, ...],
    revised: str | None,
    codebook: Codebook,
) -> Mapping[str, pl.DataFrame]:
    metrics = [
        {name: getattr(one, name) for name in ("study", "metric", "family", "decimals", "base")}
        | {name: getattr(one, name) for name in TEXTS}
        for one in codebook.metrics
    ]
    periods = [
        ("nvvb", "2020Q4", "2020Q3", "2019Q4"),
        ("nvvb", "2020", "2019", "2019"),
        ("madi", "2020", "2019", "2019"),
    ]
    vintage = {
        "study": "nvvb",
        "organisation_code": "GM0637",
        "period": "2020Q4",
        "state": "revised" if revised else "final",
        "released_on": date(2021, 1, 15),
        "revision": int(revised is not None),
        "revised_on": date(2021, 3, 1) if revised else None,
        "reason": revised,
    }
    return {
        "mart_kpi": pl.DataFrame(list(rows), schema=KPI),
        "mart_response": pl.DataFrame(list(responses), schema=RESPONSE),
        "dim_metric": pl.DataFrame(metrics),
        "dim_period": pl.DataFrame(
            periods, schema=["study", "period", "previous_period", "year_ago_period"], orient="row"
        ),
        "mart_release": pl.DataFrame([vintage], infer_schema_length=None),
    }


@pytest.fixture
def explained(publish: Callable[..., Released], codebook: Codebook) -> Explain:
    def of(row: Figure, *others: Figure, book: Codebook | None = None, **more: Any) -> Explanation:  # noqa: ANN401
        asked = Asked(**{name: row[name] for name in KEY})
        return explain(publish(row, *others, **more), asked, book or codebook, None)

    return of
