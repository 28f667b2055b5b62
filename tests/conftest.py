"""For all tests: their order, how property tests look for examples, a disk that fails."""

from __future__ import annotations

import gc
import os

import pytest
from failing_disk import Disk
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

# as the command does
gc.set_threshold(50_000, 20, 100)

settings.register_profile("developer", deadline=None)
# a change that is being checked must not fail on an example that it has nothing to do with
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left with one at the end."""
    rank = {name: position for position, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Begin to watch the disk."""
    return Disk(monkeypatch)
