"""When what is due is published: every morning."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from dagster_project.common.quarters import AMSTERDAM

EVERY_MORNING = "0 6 * * *"


def morning_release(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Run the job every morning at six, Dutch time."""
    return dg.ScheduleDefinition(
        name="morning_release",
        job=job,
        cron_schedule=EVERY_MORNING,
        execution_timezone=AMSTERDAM.key,
        description="Publishes every period that is due and not held.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
