"""The dbt models as assets: four groups, so that disclosure control can stand between them.

Belongs here: how dbt nodes become assets, checks and metadata. Does not belong here: which models
there are (their tags say in which group they are built), SQL.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from pydantic import Field

from dagster_project.codebook import Codebook
from dagster_project.common.quarters import parse_quarter, quarter_label, today
from dagster_project.orchestration.assets.measures import measures
from dagster_project.orchestration.assets.model_groups import (
    MARTS,
    QUARTERLY,
    ModelGroup,
    model_groups,
)
from dagster_project.orchestration.partitions import quarterly
from dagster_project.orchestration.resources import Installation, told_in_one_line
from dagster_project.warehouse import DbtNode, read_warehouse, run_dbt

QUARTERS_BUILT = """
    select distinct period_start from intermediate.int_leaf_cells where built_by = ?
"""
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class QuarterConfig(dg.Config):
    """Quarters to build again, such as `2020Q4`; empty: those whose answers changed."""

    quarters: list[str] = Field(default_factory=list)


def model_assets(
    codebook: Codebook, manifest: Mapping[str, Any], project: Path
) -> list[dg.AssetsDefinition]:
    """One definition per group, in the order in which they run; `quarterly` is partitioned.

    `manifest` is what dbt parsed of `project`, as a dictionary; its tests get other names.
    """
    return [
        _by_quarter(group, codebook) if group.name == QUARTERLY else _whole(group)
        for group in model_groups(codebook, manifest, project)
    ]


def marts_among(models: Sequence[dg.AssetsDefinition]) -> list[dg.AssetKey]:
    """Keys of the tables that go out."""
    return sorted(spec.key for group in models for spec in group.specs if spec.group_name == MARTS)


def _whole(group: ModelGroup) -> dg.AssetsDefinition:
    def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from _build(context, group, [], [])

    return group.define(build)


def _by_quarter(group: ModelGroup, codebook: Codebook) -> dg.AssetsDefinition:
    partitions = quarterly(codebook)

    def build(context: dg.AssetExecutionContext, config: QuarterConfig) -> Iterator[Any]:
        asked = context.has_partition_key or context.has_partition_key_range
        ended: list[DbtNode] = []
        quarters = context.partition_keys if asked else config.quarters
        starts = [parse_quarter(quarter).isoformat() for quarter in quarters]
        yield from _build(context, group, starts, ended)
        if not asked:
            _log_quarters(context, partitions, ended)
        _rename_quarters(context)

    policy = dg.BackfillPolicy.single_run()
    return group.define(build, partitions_def=partitions, backfill_policy=policy)


def _build(
    context: dg.AssetExecutionContext,
    group: ModelGroup,
    quarters: Sequence[str],
    ended: list[DbtNode],
) -> Iterator[Any]:
    """Run dbt, noting what `ended`; then tell Dagster of it, also when a node failed."""
    installation: Installation = context.resources.installation
    installation.progress(f"{group.name}: building with dbt")

    def note(node: DbtNode) -> None:
        ended.append(node)
        # Dagster commits every line to its database, which for hundreds of tests takes seconds.
        if node.kind == "model" or node.failed:
            context.log.info(f"{node.kind} {node.name}: {node.status} in {node.seconds:.2f} s")

    failure: dg.Failure | None = None
    try:
        with told_in_one_line():
            run_dbt(
                installation.settings,
                "build",
                select=group.selected(context),
                exclude=["resource_type:unit_test", *group.tests_of_later_steps()],
                variables={
                    "quarters": list(quarters),
                    "today": today().isoformat(),
                    "release_day": installation.settings.release_day,
                },
                on_node=note,
            )
    except dg.Failure as error:
        failure = error
    yield from _events(context, group, ended, installation)
    if failure:
        raise failure
    kinds = Counter(node.kind for node in ended)
    installation.done(f"{group.name}: " + ", ".join(f"{n} {kind}s" for kind, n in kinds.items()))


def _events(
    context: dg.AssetExecutionContext,
    group: ModelGroup,
    ended: Sequence[DbtNode],
    installation: Installation,
) -> Iterator[Any]:
    built = {node.unique_id for node in ended if not node.failed and node.kind == "model"}
    found = {}
    if built:
        with read_warehouse(installation.settings) as warehouse:
            found = measures(warehouse, (group.manifest["nodes"][one] for one in built))
    for node in ended:
        message = DbtCoreCliEventMessage(raw_event=node.raw, event_history_metadata={})
        for event in message.to_default_asset_events(
            group.manifest, dagster_dbt_translator=group.translator, context=context
        ):
            if isinstance(event, dg.Output) and node.unique_id in found:
                known: dict[str, Any] = {**event.metadata, **found[node.unique_id]}
                yield dg.Output(None, output_name=event.output_name, metadata=known)
            else:
                yield event


def _log_quarters(
    context: dg.AssetExecutionContext,
    partitions: dg.StaticPartitionsDefinition,
    ended: Sequence[DbtNode],
) -> None:
    """Show the quarters that dbt found changed as partitions of the assets it rebuilt."""
    installation: Installation = context.resources.installation
    run = {node.raw["info"]["invocation_id"] for node in ended}
    with read_warehouse(installation.settings) as warehouse:
        rows = warehouse.execute(QUARTERS_BUILT, list(run)).fetchall()
    built = {quarter_label(start) for (start,) in rows}
    for quarter in sorted(built & set(partitions.get_partition_keys())):
        for key in sorted(context.selected_asset_keys):
            context.log_event(dg.AssetMaterialization(key, partition=quarter))


def _rename_quarters(context: dg.AssetExecutionContext) -> None:
    """Show quarters by their names that the history of an earlier version has by their first days.

    They are of no run: they were built before, and final ones are not built again.
    """
    for key in sorted(context.selected_asset_keys):
        known = context.instance.get_materialized_partitions(key)
        days = [date.fromisoformat(one) for one in known if ISO_DAY.fullmatch(one)]
        for quarter in sorted({quarter_label(day) for day in days} - known):
            made = dg.AssetMaterialization(key, partition=quarter)
            context.instance.report_runless_asset_event(made)
