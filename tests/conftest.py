"""For all tests: their order, how property tests look for examples, a disk that fails."""

from __future__ import annotations

import gc
import os

import pytest
from failing_disk import Disk
from hypothesis import settings

LONGEST = (
    "test_newcomer",
    "test_published_once",
    "test_first_week",
    "test_failures",
    "test_random_feeds",
    "test_forget",
    "test_same_marts",
    "test_what_is_stopped",
    "test_codebook_rows_alone",
    "test_against_raw_answers",
    "test_attack_benchmark_leak",
    "test_protect_cases",
    "test_merged_municipalities",
    "test_private_home",
    "test_tutorial",
)
"""The file that takes longest is the first. Of those that share a home only one is here: two at
once would wait for each other."""

# drawing takes seconds a release; tests that look at pages ask for them
os.environ.setdefault("KTO_FACTSHEETS", "no")

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


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what lives as long as the process.

    The libraries and the tests themselves are some million objects; looking at them again and again
    takes up to a tenth of a run of the pipeline.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Begin to watch the disk."""
    return Disk(monkeypatch)
