"""The pipeline as Dagster sees it.

Belongs here: putting parts together. Does not belong here: parts. Importing does nothing; reading
the codebook and the dbt manifest waits until Dagster asks for the definitions.
"""

from __future__ import annotations

import json

import dagster as dg

from dagster_project.codebook import load_codebook
from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.orchestration.alerts import run_failed
from dagster_project.orchestration.assets.definitions import codebook_assets
from dagster_project.orchestration.assets.disclosure import disclosure_pattern
from dagster_project.orchestration.assets.factsheets import factsheets_spec
from dagster_project.orchestration.assets.feeds import feed_assets
from dagster_project.orchestration.assets.models import marts_among, model_assets
from dagster_project.orchestration.assets.priority import regression_coefficients
from dagster_project.orchestration.assets.release import GROUP, RELEASE, TEAM, release_assets
from dagster_project.orchestration.assets.states import PREVIEW_JOB, state_assets
from dagster_project.orchestration.resources import Installation, lent_to_one_run
from dagster_project.orchestration.schedules import morning_release
from dagster_project.orchestration.sensors import new_deliveries
from dagster_project.warehouse import dbt_manifest

REFRESH = "refresh"


def build_definitions(installation: Installation) -> dg.Definitions:
    """Put the pipeline of one installation together.

    Raises:
        DbtError: the dbt project cannot be parsed.

    """
    settings, codebook = installation.settings, installation.codebook
    manifest = json.loads(dbt_manifest(settings).read_bytes())
    models = model_assets(codebook, manifest, settings.dbt_project)
    release, checks = release_assets(marts_among(models))
    refresh = dg.define_asset_job(
        REFRESH,
        selection=dg.AssetSelection.all(),
        description="Landing to release: the same as `kto refresh`.",
        # DuckDB has one writer: a second process would meet its lock.
        executor_def=dg.in_process_executor,
    )
    preview = dg.define_asset_job(
        PREVIEW_JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.assets(RELEASE),
        description="Landing to preview: the same as `kto refresh --preview`.",
        executor_def=dg.in_process_executor,
    )
    return dg.Definitions(
        assets=[
            codebook_assets(manifest),
            *feed_assets(codebook, settings.release_day),
            *state_assets(codebook),
            *models,
            disclosure_pattern,
            regression_coefficients,
            *release,
            factsheets_spec(RELEASE, GROUP, TEAM),
        ],
        asset_checks=checks,
        jobs=[refresh, preview],
        schedules=[morning_release(refresh)],
        sensors=[
            new_deliveries(preview, settings, codebook),
            *([run_failed(settings.alerts)] if settings.alerts.is_anybody else []),
        ],
        resources={"installation": lent_to_one_run(installation)},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the installation that the environment names."""
    settings = Settings.from_env()
    if lost := settings.lost_codebook():
        raise UserError(lost)
    return build_definitions(Installation(settings, load_codebook(*settings.codebook)))
