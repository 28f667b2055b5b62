"""For all tests: the order in which they run."""

from __future__ import annotations

import pytest

LONGEST = ("test_newcomer", "test_codebook_rows_alone", "test_late_deliveries", "test_same_marts")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left with one at the end."""
    rank = {name: position for position, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))
