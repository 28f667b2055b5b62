"""Final periods say what they said: each difference is named with table, cell and column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from small_release import settings_in

from dagster_project.codebook import Codebook
from dagster_project.codebook.model import Metric
from dagster_project.release.contract import TableContract
from dagster_project.release.export import StagedRelease
from dagster_project.release.unchanged import Comparison, differences, in_words
from dagster_project.release.vintages import ENTRY, Index, definitions_of

CONTRACT = {
    "mart_kpi": TableContract(
        (
            ("study", "varchar"),
            ("organisation_code", "varchar"),
            ("period", "varchar"),
            ("metric", "varchar"),
            ("n", "bigint"),
            ("value", "double"),
            ("previous_value", "double"),
        ),
        ("study", "organisation_code", "period", "metric"),
    )
}
FOLLOWS = Comparison(frozenset(), {"mart_kpi": frozenset({"previous_value"})})
METRIC = Metric(
    study="cafe", metric="taste", family="mean", unit="grade", base="answered", decimals=1,
    min_items=None, disclosure_group="taste", higher_is_better=True, new_series_from=None,
    label_nl="", label_en="", definition_nl="", definition_en="", overall_metric=None,
)  # fmt: skip
CODEBOOK = Codebook(metrics=(METRIC,))


def rows(**changes: object) -> pl.DataFrame:
    row = {"study": "cafe", "organisation_code": "A", "period": "2020Q4", "metric": "taste"}
    row |= {"n": 20, "value": 7.5, "previous_value": None} | changes
    schema = {"n": pl.Int64, "value": pl.Float64, "previous_value": pl.Float64}
    return pl.DataFrame([row], schema_overrides=schema)


Compare = Callable[..., list[str]]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Compare rows of a mart with those that were kept."""
    settings = settings_in(tmp_path)
    entry = {"study": "cafe", "organisation_code": "A", "period": "2020Q4", "revision": 0}
    entry |= {"vintage": "v1", "period_start": date(2020, 10, 1), "definitions": "d"}
    newest = pl.DataFrame([entry], schema=ENTRY)

    def found(now: pl.DataFrame, meaning: str | None = None) -> list[str]:
        kept = settings.vintages / "v1" / "marts" / "mart_kpi.parquet"
        kept.parent.mkdir(parents=True, exist_ok=True)
        rows().with_columns(vintage=pl.lit("v1")).write_parquet(kept)
        staged = tmp_path / "staged" / "parquet" / "mart_kpi.parquet"
        staged.parent.mkdir(parents=True, exist_ok=True)
        now.write_parquet(staged)
        definitions = {"taste mean": meaning} if meaning else {}
        index = Index(entries=newest, definitions={"d": definitions})
        told = differences(
            settings,
            CODEBOOK,
            StagedRelease("r", tmp_path / "staged", {}),
            index,
            final=newest,
            contract=CONTRACT,
            comparison=FOLLOWS,
        )
        return [str(one) for one in told]

    return found


REDEFINED = (
    "metrics.csv cafe A 2020Q4, taste: its definition changed under its old id since that was "
    "published"
)
CELL = "mart_kpi cafe A 2020Q4 taste"


def test_the_same_rows_are_no_difference(compare: Compare) -> None:
    assert compare(rows()) == []
    assert in_words([]) == "every figure of a final period is as it was published"


def test_a_comparison_may_follow_the_newest_release(compare: Compare) -> None:
    assert compare(rows(previous_value=7.0)) == []


def test_a_figure_that_differs_in_its_last_bit_is_named(compare: Compare) -> None:
    (line,) = compare(rows(value=7.500000000000001))
    assert line == f"{CELL}, value: 7.5 was published, it is 7.500000000000001 now"


def test_a_figure_that_is_hidden_or_gone_is_named(compare: Compare) -> None:
    assert compare(rows(n=None)) == [f"{CELL}, n: 20 was published, it is null now"]
    assert compare(rows().clear()) == [f"{CELL}, row: it was published and is missing"]
    assert compare(rows().drop("n")) == ["mart_kpi , n: the column is not published any more"]


def test_a_new_metric_may_come_and_another_row_of_an_old_one_may_not(compare: Compare) -> None:
    assert compare(pl.concat([rows(), rows(metric="smell")])) == []
    other = pl.concat([rows(), rows(organisation_code="B", metric="smell")])
    assert compare(other) == []


def test_a_metric_that_means_something_else_is_named_by_its_definition(compare: Compare) -> None:
    meaning = definitions_of(CODEBOOK, "cafe")["taste mean"]
    assert compare(rows(), meaning) == []
    assert compare(rows(), "another") == [REDEFINED]
    # of a metric of which nothing was told, it may be another
    assert REDEFINED not in compare(rows(), None)
