"""Quarters as Dagster partitions: one per calendar quarter, called as everywhere else: `2020Q4`.

Belongs here: the partitions, and when a quarter is released. Does not belong here: what a quarter
is (quarters).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import dagster as dg

from dagster_project.codebook import Codebook
from dagster_project.common.quarters import next_quarter, quarter_label, quarter_start, today


def quarterly(codebook: Codebook) -> dg.StaticPartitionsDefinition:
    """Partitions from the quarter in which the first study starts up to the current one.

    Not those of a time window, as Dagster writes these as dates. Each run makes its own list; a
    code location that is loaded longer than a quarter shows the new one once it is reloaded.
    """
    first = min(study.starts_on for study in codebook.studies)
    return dg.StaticPartitionsDefinition(list(_labels(quarter_start(first), today())))


def _labels(start: date, until: date) -> Iterator[str]:
    while start <= until:
        yield quarter_label(start)
        start = next_quarter(start)


def release_cron(release_day: int) -> str:
    """When a quarter is released: six in the morning, on this day of the month after it."""
    return f"0 6 {release_day} 1,4,7,10 *"
