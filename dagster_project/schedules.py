"""When the quarterly release is made: some days after the quarter, when its fieldwork is over."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from dagster_project.partitions import AMSTERDAM, release_cron


def quarterly_release(job: UnresolvedAssetJobDefinition, release_day: int) -> dg.ScheduleDefinition:
    """Run the job when a quarter is released, Dutch time."""
    return dg.ScheduleDefinition(
        name="quarterly_release",
        job=job,
        cron_schedule=release_cron(release_day),
        execution_timezone=AMSTERDAM.key,
        description=f"The release of a quarter, on day {release_day} after it has ended.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
