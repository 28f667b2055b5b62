"""When the quarterly release is made: some days after the quarter, when its fieldwork is over."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from dagster_project.partitions import AMSTERDAM


def quarterly_release(job: UnresolvedAssetJobDefinition, release_day: int) -> dg.ScheduleDefinition:
    """Run the job at six in the morning, Dutch time, on this day of each quarter's first month."""
    return dg.ScheduleDefinition(
        name="quarterly_release",
        job=job,
        cron_schedule=f"0 6 {release_day} 1,4,7,10 *",
        execution_timezone=AMSTERDAM.key,
        description=f"The release of a quarter, on day {release_day} after it has ended.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
