"""Rules for series of figures: on which day a changed question may begin a new one.

Belongs here: days that must fit the periods of a study. Does not belong here: which figures are
compared, which the models decide.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault

_WAVE = "wave"
_QUARTER = 3  # months


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
