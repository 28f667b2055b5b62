"""A project of one's own: codebook and models copied, so that a test may change rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from installing import install

from dagster_project.release import gates
from dagster_project.release.outcome import Expected, GateResult
from dagster_project.settings import Settings

OFTEN = ("test_first_week", "test_forget", "test_published_once", "test_same_marts")
"""Tests that refresh the same few feeds again and again."""

MET = GateResult(True, (Expected("all", "not looked at", True, "nothing"),))


@pytest.fixture(scope="module", autouse=True)
def expectations(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave Great Expectations out where others try it on like feeds: it takes a fifth of a run."""
    with pytest.MonkeyPatch.context() as patch:
        if request.module.__name__.rpartition(".")[2] in OFTEN:
            patch.setattr(gates, "validate", lambda *_: MET)
            patch.setattr(gates, "judge", lambda *_, **__: MET)
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in a scratch folder, with its own codebook and an empty landing."""
    return install(tmp_path)


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same, shared by the tests of one module that only read."""
    return install(tmp_path_factory.mktemp("installation"))
