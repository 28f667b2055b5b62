"""Quarters as Dagster partitions: Dutch local time, one partition per calendar quarter.

Belongs here: the partitions and their clock. Does not belong here: what a quarter is (quarters).
"""

from __future__ import annotations

import dagster as dg

from dagster_project.codebook import Codebook
from dagster_project.quarters import AMSTERDAM, quarter_start

QUARTERS_CRON = "0 0 1 1,4,7,10 *"


def quarterly(codebook: Codebook) -> dg.TimeWindowPartitionsDefinition:
    """Partitions from the quarter in which the first study starts up to the current one."""
    return dg.TimeWindowPartitionsDefinition(
        start=quarter_start(min(study.starts_on for study in codebook.studies)).isoformat(),
        fmt="%Y-%m-%d",
        cron_schedule=QUARTERS_CRON,
        timezone=AMSTERDAM.key,
        end_offset=1,
    )


def release_cron(release_day: int) -> str:
    """When a quarter is released: six in the morning, on this day of the month after it."""
    return f"0 6 {release_day} 1,4,7,10 *"
