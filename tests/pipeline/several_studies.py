"""Studies that have nothing in common but a home: what is tested of each needs one run for all.

Each test module lands its own answers and changes its own rows of the codebook.
"""

from __future__ import annotations

from pathlib import Path

import small_feeds
import test_burgerpeiling
import test_docs_add_a_study
import test_merged_municipalities
import test_publication
from installing import install

from dagster_project.pipeline import refresh


def build(folder: Path) -> None:
    """Install the project in a folder, land everything and publish it."""
    settings = install(folder)
    test_burgerpeiling.land(settings)
    test_docs_add_a_study.land(settings)
    test_merged_municipalities.land(settings)
    test_publication.land(settings, min_n=10)
    refresh(settings, order=small_feeds.AS_IS)
