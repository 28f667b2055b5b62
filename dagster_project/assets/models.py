"""The dbt models as assets: four groups, so that disclosure control can stand between them.

Belongs here: how dbt nodes become assets, checks and metadata. Does not belong here: which models
there are (their tags say in which group they are built), SQL.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from pydantic import Field

from dagster_project.assets.translator import Translator
from dagster_project.codebook import Codebook
from dagster_project.partitions import quarterly, today
from dagster_project.resources import Installation, told_in_one_line
from dagster_project.warehouse import DbtNode, read_warehouse, run_dbt

LAKE_MODELS, QUARTERLY, CELLS, MARTS = "lake_models", "quarterly", "cells", "marts"
"""The dbt tags, in the order in which the groups run."""

QUARTERS_BUILT = "select quarter_start from intermediate.int_quarters_built"
STORED = frozenset({"table", "incremental", "seed"})


class QuarterConfig(dg.Config):
    """Quarters to build again, as their first days; empty: those whose answers changed."""

    quarters: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class ModelGroup:
    """The models of one dbt tag; `manifest` is dbt's, as a dictionary."""

    tag: str
    manifest: Mapping[str, Any]
    translator: Translator

    def decorate(self, **options: Any) -> Callable[..., Any]:  # noqa: ANN401
        """`dbt_assets` for this group's nodes."""
        return dbt_assets(
            manifest=self.manifest,
            select=f"tag:{self.tag}",
            name=self.tag,
            dagster_dbt_translator=self.translator,
            required_resource_keys={"installation"},
            **options,
        )

    def key_of(self, unique_id: str) -> dg.AssetKey:
        """Key of a node's asset."""
        return self.translator.get_asset_key(self.manifest["nodes"][unique_id])

    def selection(self, context: dg.AssetExecutionContext) -> list[str]:
        """Select the whole group by its tag, or what was picked in the user interface by name."""
        definition = context.assets_def
        if definition.keys_by_output_name == definition.node_keys_by_output_name:
            return [f"tag:{self.tag}"]
        return [
            ".".join(node["fqn"])
            for unique_id, node in self.manifest["nodes"].items()
            if node["resource_type"] in {"model", "seed"}
            and self.key_of(unique_id) in context.selected_asset_keys
        ]


def model_assets(codebook: Codebook, manifest: Path) -> list[dg.AssetsDefinition]:
    """One definition per group, in the order in which they run; `quarterly` is partitioned."""
    nodes = json.loads(manifest.read_bytes())
    translator = Translator(codebook)
    groups = [ModelGroup(tag, nodes, translator) for tag in (LAKE_MODELS, CELLS, MARTS)]
    first, *rest = [_whole(group) for group in groups]
    return [first, _by_quarter(ModelGroup(QUARTERLY, nodes, translator), codebook), *rest]


def _whole(group: ModelGroup) -> dg.AssetsDefinition:
    @group.decorate()
    def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from _build(context, group, [])

    return build  # type: ignore[no-any-return]


def _by_quarter(group: ModelGroup, codebook: Codebook) -> dg.AssetsDefinition:
    partitions = quarterly(codebook)

    @group.decorate(partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
    def build(context: dg.AssetExecutionContext, config: QuarterConfig) -> Iterator[Any]:
        asked = context.has_partition_key or context.has_partition_key_range
        yield from _build(context, group, context.partition_keys if asked else config.quarters)
        if not asked:
            _log_quarters(context, partitions)

    return build  # type: ignore[no-any-return]


def _build(
    context: dg.AssetExecutionContext, group: ModelGroup, quarters: Sequence[str]
) -> Iterator[Any]:
    """Run dbt, then tell Dagster of every node that ended, also when another one failed."""
    installation: Installation = context.resources.installation
    installation.progress(f"{group.tag}: building with dbt")
    ended: list[DbtNode] = []

    def note(node: DbtNode) -> None:
        ended.append(node)
        context.log.info(f"{node.kind} {node.name}: {node.status} in {node.seconds:.2f} s")

    failure: dg.Failure | None = None
    try:
        with told_in_one_line():
            run_dbt(
                installation.settings,
                "build",
                select=group.selection(context),
                exclude=["resource_type:unit_test"],
                variables={"quarters": list(quarters), "today": today().isoformat()},
                on_node=note,
            )
    except dg.Failure as error:
        failure = error
    yield from _events(context, group, ended, installation)
    if failure:
        raise failure
    kinds = Counter(node.kind for node in ended)
    installation.done(f"{group.tag}: " + ", ".join(f"{n} {kind}s" for kind, n in kinds.items()))


def _events(
    context: dg.AssetExecutionContext,
    group: ModelGroup,
    ended: Sequence[DbtNode],
    installation: Installation,
) -> Iterator[Any]:
    counts = _row_counts(group, ended, installation)
    for node in ended:
        message = DbtCoreCliEventMessage(raw_event=node.raw, event_history_metadata={})
        for event in message.to_default_asset_events(
            group.manifest, dagster_dbt_translator=group.translator, context=context
        ):
            if isinstance(event, dg.Output) and node.unique_id in counts:
                known = {**event.metadata, "dagster/row_count": counts[node.unique_id]}
                yield dg.Output(None, output_name=event.output_name, metadata=known)
            else:
                yield event


def _row_counts(
    group: ModelGroup, ended: Sequence[DbtNode], installation: Installation
) -> dict[str, int]:
    """Count the rows of each table that dbt has just written."""
    nodes = {
        node.unique_id: group.manifest["nodes"][node.unique_id]
        for node in ended
        if not node.failed and node.kind in {"model", "seed"}
    }
    tables = {
        unique_id: f"{node['schema']}.{node['alias']}"
        for unique_id, node in nodes.items()
        if node["config"]["materialized"] in STORED
    }
    if not tables:
        return {}
    with read_warehouse(installation.settings) as warehouse:
        return {
            unique_id: warehouse.execute(f"select count(*) from {table}").fetchall()[0][0]
            for unique_id, table in tables.items()
        }


def _log_quarters(
    context: dg.AssetExecutionContext, partitions: dg.TimeWindowPartitionsDefinition
) -> None:
    """Show the quarters that dbt found changed as partitions of the assets it rebuilt."""
    installation: Installation = context.resources.installation
    with read_warehouse(installation.settings) as warehouse:
        built = {row[0].isoformat() for row in warehouse.execute(QUARTERS_BUILT).fetchall()}
    for quarter in sorted(built & set(partitions.get_partition_keys())):
        for key in sorted(context.selected_asset_keys):
            context.log_event(dg.AssetMaterialization(key, partition=quarter))
