"""Rules for periods: when one is released, when a wave ended, where a new series may begin.

Belongs here: days that must fit the periods of a study. Does not belong here: where a row's period
comes from (check_feeds.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault

_WAVE = "wave"
_QUARTER = 3  # months


def release_days_are_of_quarters(codebook: Codebook) -> Iterator[Fault]:
    """Check that a study in waves has no release day: a wave is due when its fieldwork is over."""
    for study in codebook.studies:
        if study.timing == _WAVE and study.release_day is not None:
            yield Fault(
                study,
                "release_day",
                f"study '{study.study}' is in waves, which are due when their fieldwork is over; "
                "clear the cell and write the day in waves.csv",
            )


def waves_are_of_studies_in_waves(codebook: Codebook) -> Iterator[Fault]:
    """Check that a wave is of a study in waves, and that its fieldwork ended in its year or later.

    A wave may end in a later year than that of its contacts, never in an earlier one.
    """
    timings = {study.study: study.timing for study in codebook.studies}
    for wave in codebook.waves:
        if timings.get(wave.study) == "quarter":
            yield Fault(
                wave,
                "study",
                f"study '{wave.study}' is timed by quarter and has no waves; remove the row",
            )
        elif wave.fieldwork_ended_on.year < int(wave.period):
            yield Fault(
                wave,
                "fieldwork_ended_on",
                f"{wave.fieldwork_ended_on} is before {wave.period}, the year of the wave; "
                "correct one of the two",
            )


def series_begin_with_a_period(codebook: Codebook) -> Iterator[Fault]:
    """Check that a new series begins on the first day of a quarter, or of the year of a wave."""
    timings = {study.study: study.timing for study in codebook.studies}
    for metric in codebook.metrics:
        day = metric.new_series_from
        timing = timings.get(metric.study)
        if day is None or timing is None:
            continue
        waves = timing == _WAVE
        month = 1 if waves else day.month - (day.month - 1) % _QUARTER
        first = day.replace(month=month, day=1)
        if day != first:
            period = "year" if waves else "quarter"
            yield Fault(
                metric,
                "new_series_from",
                f"{day} is not the first day of a {period}, and study '{metric.study}' has a "
                f"figure per {period}; write {first}",
            )
