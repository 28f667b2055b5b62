"""A project of one's own: codebook and models copied, so that a test may change rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in a scratch folder, with its own codebook and an empty landing."""
    return install(tmp_path)


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same, shared by the tests of one module that only read."""
    return install(tmp_path_factory.mktemp("installation"))


def install(folder: Path) -> Settings:
    root = folder / "project"
    root.mkdir()
    shutil.copytree(PROJECT_ROOT / "seeds", root / "seeds")
    shutil.copytree(
        PROJECT_ROOT / "dbt_project",
        root / "dbt_project",
        ignore=shutil.ignore_patterns("target", "logs"),
    )
    shutil.copy(PROJECT_ROOT / "dagster.yaml", root)
    landing = folder / "landing"
    landing.mkdir()
    return Settings(root=root, landing=landing, home=folder / "home", pseudonym_key=b"test")
