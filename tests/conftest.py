"""For all tests: the order in which they run, and how property tests look for examples."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

LONGEST = (
    "test_newcomer",
    "test_random_feeds",
    "test_codebook_rows_alone",
    "test_published_once",
    "test_publication",
    "test_what_is_stopped",
    "test_same_marts",
    "test_against_raw_answers",
    "test_merged_municipalities",
)

settings.register_profile("developer", deadline=None)
# a change that is being checked must not fail on an example that it has nothing to do with
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left with one at the end."""
    rank = {name: position for position, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))
