"""Which models and tests each dbt step runs.

Belongs here: selections. Does not belong here: running dbt, telling Dagster about it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from dagster_project.codebook import Codebook
from dagster_project.orchestration.assets.dbt_checks import name_tests
from dagster_project.orchestration.assets.translator import Translator

LAKE_MODELS, QUARTERLY, CELLS, MARTS = "lake_models", "quarterly", "cells", "marts"
SELECTION = {
    LAKE_MODELS: ("tag:lake_models",),
    QUARTERLY: ("tag:quarterly",),
    CELLS: ("tag:cells",),
    MARTS: ("tag:marts",),
}
"""What each group selects in dbt, in the order in which the groups run."""


@dataclass(frozen=True)
class ModelGroup:
    """The models of one step.

    `manifest` is dbt's, as a dictionary. `steps` says of every asset in which step it is built; all
    groups share it and each adds its own.
    """

    name: str
    manifest: Mapping[str, Any]
    translator: Translator
    steps: dict[dg.AssetKey, int]

    def define(self, build: Callable[..., Any], **options: Any) -> dg.AssetsDefinition:  # noqa: ANN401
        """Make assets of this group's nodes, built by a function of Dagster's context."""
        definition: dg.AssetsDefinition = dbt_assets(
            manifest=self.manifest,
            select=" ".join(SELECTION[self.name]),
            name=self.name,
            dagster_dbt_translator=self.translator,
            required_resource_keys={"installation"},
            **options,
        )(build)
        self.steps.update(dict.fromkeys(definition.keys, self._step))
        return definition

    def selected(self, context: dg.AssetExecutionContext) -> list[str]:
        """Select the whole group, or what was picked in the user interface by name."""
        definition = context.assets_def
        if definition.keys_by_output_name == definition.node_keys_by_output_name:
            return list(SELECTION[self.name])
        return [
            ".".join(node["fqn"])
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "model"
            and self.translator.get_asset_key(node) in context.selected_asset_keys
        ]

    def tests_of_later_steps(self) -> list[str]:
        """Name the tests that compare this group with a later one; they run with the later one."""
        return [
            node["dbt_name"]
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "test"
            and self._step in (steps := self._steps_of(node))
            and self._step < max(steps)
        ]

    @property
    def _step(self) -> int:
        return list(SELECTION).index(self.name)

    def _steps_of(self, test: Mapping[str, Any]) -> list[int]:
        """Find the steps that build what a test looks at; what no step builds comes last of all."""
        nodes = self.manifest["nodes"]
        parents = [nodes[name] for name in test["depends_on"]["nodes"] if name in nodes]
        keys = [self.translator.get_asset_key(parent) for parent in parents]
        return [self.steps.get(key, len(SELECTION)) for key in keys]


def model_groups(
    codebook: Codebook, manifest: Mapping[str, Any], project: Path
) -> list[ModelGroup]:
    """Make the groups of dbt's manifest, in the order in which they run.

    `project` is the folder of the dbt project.
    """
    name_tests(manifest, project)
    translator, steps = Translator(codebook), dict[dg.AssetKey, int]()
    return [ModelGroup(name, manifest, translator, steps) for name in SELECTION]
