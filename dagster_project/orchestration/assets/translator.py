"""How dbt nodes are called and hung up in Dagster's graph.

Belongs here: keys, groups and dependencies. Does not belong here: running dbt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject

from dagster_project.codebook import Codebook
from dagster_project.orchestration.assets.definitions import SOURCE, codebook_key
from dagster_project.orchestration.assets.disclosure import PATTERN
from dagster_project.orchestration.assets.feeds import feed_key
from dagster_project.orchestration.assets.priority import COEFFICIENTS
from dagster_project.orchestration.assets.states import FINAL_PERIODS, STATES

ONE_GROUP = frozenset({"codebook", "lake"})
"""Folders of staging that are shown as one group."""
WRITTEN_BY = {
    "disclosure": PATTERN,
    "priority": COEFFICIENTS,
    "states": FINAL_PERIODS,
    "states.periods": STATES,
    "vintages": FINAL_PERIODS,
}
"""The asset that writes a table of a source, or all others; those of the lake are by feed, those of
the codebook by table."""


class Translator(DagsterDbtTranslator):
    """Name assets as their tables, and hang the sources on the assets that write them."""

    def __init__(self, codebook: Codebook) -> None:
        super().__init__()
        self._codebook = codebook

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Name a model as its table; sources have a prefix of their own."""
        name, kind = dbt_resource_props["name"], dbt_resource_props["resource_type"]
        if kind == "source":
            return dg.AssetKey(["source", dbt_resource_props["source_name"], name])
        return dg.AssetKey(name)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Group by folder; what stands on either side of disclosure control is kept apart."""
        _, room, *folders, _ = dbt_resource_props["fqn"]
        return str(folders[0] if folders and folders[0] not in ONE_GROUP else room)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:  # noqa: ARG002
        """Name who looks after the models."""
        return ["team:data-engineering"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Show the catalogue text alone; the SQL is for the repository."""
        return str(dbt_resource_props.get("description") or "")

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Replace each dbt source among the dependencies by the assets that write it."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        deps = {dep.asset_key: dep for old in spec.deps for dep in self._writers(old)}
        return spec.replace_attributes(deps=list(deps.values()))

    def _writers(self, dep: dg.AssetDep) -> list[dg.AssetDep]:
        if dep.asset_key.path[0] != "source":
            return [dep]
        source, table = dep.asset_key.path[1:]
        if source == SOURCE:
            return [dg.AssetDep(codebook_key(table))]
        if writer := WRITTEN_BY.get(f"{source}.{table}", WRITTEN_BY.get(source)):
            return [dg.AssetDep(writer)]
        feeds = [feed for feed in self._codebook.feeds if table in (feed.kind, "deliveries")]
        return [dg.AssetDep(feed_key(feed.feed)) for feed in feeds]
