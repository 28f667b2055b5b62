"""Studies that have nothing in common but a home: what is tested of each needs one run for all.

Each test module lands its own answers and changes its own rows of the codebook.
"""

from __future__ import annotations

from pathlib import Path

import small_feeds
import test_against_raw_answers
import test_burgerpeiling
import test_docs_add_a_study
import test_merged_municipalities
import test_publication
from installing import install

from dagster_project.orchestration.pipeline import refresh


def build(folder: Path) -> None:
    """Install the project in a folder, land everything and publish it."""
    settings = install(folder)
    test_burgerpeiling.land(settings)
    test_docs_add_a_study.land(settings)
    test_merged_municipalities.land(settings)
    test_publication.land(settings, min_n=10)
    refresh(settings, order=small_feeds.AS_IS)


def build_by_other_rules(folder: Path) -> None:
    """The same, where a study shows what rests on one answer, and importance is by regression."""
    settings = install(folder)
    test_against_raw_answers.measure_by_regression(settings)
    test_against_raw_answers.land(settings)
    test_publication.land(settings, min_n=1)
    refresh(settings, order=small_feeds.AS_IS)
