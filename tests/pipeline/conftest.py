"""A project of one's own: codebook and models copied, so that a test may change rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from installing import install

from dagster_project.release import gates
from dagster_project.release.outcome import Expected, GateResult
from dagster_project.settings import Settings

WITH_EXPECTATIONS = (
    "test_burgerpeiling",
    "test_golden_quarter",
    "test_newcomer",
    "test_publication",
    "test_what_is_stopped",
)
MET = GateResult(True, (Expected("all", "not looked at", True, "nothing"),))


@pytest.fixture(scope="module", autouse=True)
def expectations(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave Great Expectations out, but where it is tried: it takes a fifth of a refresh."""
    with pytest.MonkeyPatch.context() as patch:
        if request.module.__name__.rpartition(".")[2] not in WITH_EXPECTATIONS:
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
