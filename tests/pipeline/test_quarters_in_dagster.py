"""The quarters that Dagster shows: which are built, and building them by name."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import duckdb
import pytest
import small_feeds
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from dagster_project.codebook import load_codebook
from dagster_project.common.history import open_instance
from dagster_project.common.settings import Settings
from dagster_project.definitions import build_definitions
from dagster_project.orchestration.resources import Installation

QUARTERLY = [dg.AssetKey(name) for name in ("int_leaf_answers", "int_leaf_cells", "int_leaf_pairs")]


@pytest.fixture(scope="module")
def home(module_settings: Settings) -> Settings:
    """Answers in the last quarter of 2020 only, of which a preview was made."""
    small_feeds.deliver(module_settings, {"telephone": small_feeds.telephone()}, "2021-01-05")
    small_feeds.preview(module_settings)
    return module_settings


@pytest.fixture
def instance(home: Settings) -> Iterator[dg.DagsterInstance]:
    with open_instance(home) as opened:
        yield opened


def built(instance: dg.DagsterInstance) -> list[set[str]]:
    return [instance.get_materialized_partitions(key) for key in QUARTERLY]


def builders(home: Settings) -> set[str]:
    with duckdb.connect(home.warehouse, read_only=True) as warehouse:
        rows = warehouse.execute("select distinct built_by from intermediate.int_leaf_cells")
        return {run for (run,) in rows.fetchall()}


def test_a_quarter_that_was_built_is_shown_by_its_name(instance: dg.DagsterInstance) -> None:
    assert built(instance) == 3 * [{"2020Q4"}]


def test_quarters_that_are_picked_are_built_in_one_run(
    home: Settings, instance: dg.DagsterInstance
) -> None:
    before = builders(home)
    assert len(before) == 1
    definitions = build_definitions(Installation(home, load_codebook(*home.codebook)))
    done = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=QUARTERLY,
        instance=instance,
        tags={
            ASSET_PARTITION_RANGE_START_TAG: "2020Q3",
            ASSET_PARTITION_RANGE_END_TAG: "2020Q4",
        },
    )
    assert done.success
    assert len(builders(home) - before) == 1
    assert not builders(home) & before
    assert built(instance) == 3 * [{"2020Q3", "2020Q4"}]


def test_a_history_that_has_quarters_by_their_first_days_learns_their_names(
    home: Settings, instance: dg.DagsterInstance
) -> None:
    for key in QUARTERLY:
        instance.report_runless_asset_event(dg.AssetMaterialization(key, partition="2019-07-01"))
    small_feeds.preview(home)
    names = {"2019-07-01", "2019Q3", "2020Q3", "2020Q4"}
    assert built(instance) == 3 * [names]
