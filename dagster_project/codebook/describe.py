"""The codebook in a few lines, for `kto codebook check`.

Belongs here: counts for people. Does not belong here: problems, which speak for themselves.
"""

from __future__ import annotations

from dagster_project.codebook.codebook import Codebook


def describe(codebook: Codebook) -> str:
    """Say how much of everything there is: one line in all, then one line per study."""
    total = (
        f"{_count(len(codebook.studies), 'study', 'studies')}, "
        f"{_count(len(codebook.feeds), 'feed')}, "
        f"{_count(len(codebook.questions), 'question')}, "
        f"{_count(len(codebook.metrics), 'metric')}, "
        f"{_count(len(codebook.organisations), 'organisation')}, "
        f"{_count(len(codebook.products), 'product')}"
    )
    studies = [
        f"  {study.study}: by {study.timing}, "
        f"{_count(len(codebook.feeds_of(study.study)), 'feed')}, "
        f"{_count(len(codebook.channels_of(study.study)), 'channel')}, "
        f"{_count(len(codebook.questions_of(study.study)), 'question')}, "
        f"{_count(len(codebook.metrics_of(study.study)), 'metric')}, "
        f"{_count(len(codebook.organisations_of(study.study)), 'organisation')}, "
        f"{_count(len(codebook.products_of(study.study)), 'product')}"
        for study in codebook.studies
    ]
    return "\n".join([total, *studies])


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
