"""A project of one's own: codebook and models copied, so that a test may change rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from installing import install

from dagster_project.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in a scratch folder, with its own codebook and an empty landing."""
    return install(tmp_path)


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same, shared by the tests of one module that only read."""
    return install(tmp_path_factory.mktemp("installation"))
