"""The graph as people see it, and that Dagster's own tools load it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.definitions import REFRESH, build_definitions
from dagster_project.orchestration.resources import Installation

SNAPSHOT = Path(__file__).parent / "asset_graph.txt"


def drawn(definitions: dg.Definitions) -> str:
    """One line per asset: group, key, `quarterly` if partitioned, what it is made from."""
    graph = definitions.get_repository_def().asset_graph
    lines = []
    for node in graph.asset_nodes:
        parents = ", ".join(sorted(key.to_user_string() for key in node.parent_keys))
        mark = " quarterly" if node.partitions_def else ""
        lines.append(f"{node.group_name}: {node.key.to_user_string()}{mark} <- {parents}".rstrip())
    return "\n".join(sorted(lines)) + "\n"


def test_the_asset_graph_is_as_it_was_last_agreed_on(installation: Installation) -> None:
    found = drawn(build_definitions(installation))
    if os.environ.get("KTO_DRAW_GRAPH"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8"), (
        "the graph changed; if it should, draw it anew: KTO_DRAW_GRAPH=1 pytest "
        "tests/orchestration/test_definitions.py"
    )


def test_everything_published_waits_for_the_gates(
    installation: Installation,
) -> None:
    graph = build_definitions(installation).get_repository_def().asset_graph
    gates = [
        key.name
        for key in graph.get(dg.AssetKey("release_candidate")).check_keys
        if graph.get(key).blocking
    ]
    assert sorted(gates) == ["attack", "final_unchanged", "great_expectations"]
    warnings = graph.get(dg.AssetKey("release_preview")).check_keys
    assert {key.name: graph.get(key).blocking for key in warnings} == {
        "attack": False,
        "great_expectations": False,
    }
    before = {dg.AssetKey("release_candidate"), dg.AssetKey("release_preview")}
    assert graph.get(dg.AssetKey("release")).parent_keys == before


def test_every_asset_and_check_says_what_it_is(installation: Installation) -> None:
    definitions = build_definitions(installation)
    specs = list(definitions.resolve_all_asset_specs())
    assert [spec.key for spec in specs if not spec.description] == []
    found = [
        check
        for asset in definitions.assets or []
        if isinstance(asset, dg.AssetsDefinition)
        for check in asset.check_specs
    ]
    found += [check for one in definitions.asset_checks or [] for check in one.check_specs]
    keys = set(definitions.get_repository_def().asset_graph.asset_check_keys)
    assert {check.key for check in found} == keys
    assert [check.key for check in found if not check.description] == []


def test_a_test_of_dbt_has_a_short_name_and_says_what_it_checks(
    installation: Installation,
) -> None:
    definitions = build_definitions(installation)
    said = {
        (check.asset_key.to_user_string(), check.name): check.description
        for asset in definitions.assets or []
        if isinstance(asset, dg.AssetsDefinition)
        for check in asset.check_specs
    }
    assert said["dim_product", "unique_key"] == "One row per study and product_code."
    assert said["stg_pattern", "accepted_values_status"] == (
        "status is one of published or suppressed."
    )
    assert said["int_responses", "relationships_study"] == "Every study is one of stg_studies."
    assert said["mart_kpi", "suppressed_rows_are_empty"] == (
        "A suppressed row says nothing but which cell it is."
    )


def test_one_job_holds_every_asset_and_check(installation: Installation) -> None:
    definitions = build_definitions(installation)
    layer = definitions.resolve_job_def(REFRESH).asset_layer
    graph = definitions.get_repository_def().asset_graph
    assert layer.selected_asset_keys == graph.materializable_asset_keys
    assert set(layer.asset_graph.asset_check_keys) == set(graph.asset_check_keys)


def test_the_preview_is_the_same_but_for_the_release(installation: Installation) -> None:
    definitions = build_definitions(installation)
    every = definitions.resolve_job_def(REFRESH).asset_layer.selected_asset_keys
    some = definitions.resolve_job_def("preview").asset_layer.selected_asset_keys
    assert every - some == {dg.AssetKey("release")}


def test_deliveries_lead_to_a_preview_and_the_calendar_to_a_release(
    installation: Installation,
) -> None:
    definitions = build_definitions(installation)
    assert definitions.resolve_sensor_def("new_deliveries").job_name == "preview"
    schedule = definitions.resolve_schedule_def("morning_release")
    assert (schedule.job_name, schedule.cron_schedule) == (REFRESH, "0 6 * * *")
    assert schedule.execution_timezone == "Europe/Amsterdam"


def test_the_page_on_dagster_names_everything_that_starts_by_itself(
    installation: Installation,
) -> None:
    repository = build_definitions(installation).get_repository_def()
    names = [one.name for one in (*repository.sensor_defs, *repository.schedule_defs)]
    page = (PROJECT_ROOT / "docs" / "howto" / "dagster.md").read_text("utf-8")
    assert names
    assert [name for name in names if f"`{name}`" not in page] == []


def test_importing_the_definitions_reads_nothing() -> None:
    code = (
        "import dagster_project.codebook, dagster_project.warehouse\n"
        "dagster_project.codebook.load_codebook = dagster_project.warehouse.dbt_manifest = None\n"
        "import dagster_project.definitions\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd="/")


def test_dagster_finds_the_code_location_from_the_project_folder() -> None:
    dagster = Path(sys.executable).with_name("dagster")
    done = subprocess.run(
        [dagster, "definitions", "validate", "-w", "workspace.yaml"],
        cwd=PROJECT_ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("KTO_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "All code locations passed validation" in done.stderr + done.stdout
