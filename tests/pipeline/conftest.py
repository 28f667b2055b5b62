"""A project of one's own: codebook and models copied, so that a test may change rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT, Settings
from dagster_project.warehouse import dbt_manifest


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in a scratch folder, with its own codebook and an empty landing."""
    return install(tmp_path)


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same, shared by the tests of one module that only read."""
    return install(tmp_path_factory.mktemp("installation"))


def install(folder: Path) -> Settings:
    """Copy the project, parsed already: parsing takes longer than most of what is tested."""
    dbt_manifest(Settings(root=PROJECT_ROOT, landing=folder, home=folder / "parsing"))
    root = folder / "project"
    root.mkdir()
    for part in ("seeds", "dbt_project"):
        shutil.copytree(
            PROJECT_ROOT / part,
            root / part,
            ignore=shutil.ignore_patterns("compiled", "run", "logs"),
        )
    shutil.copy(PROJECT_ROOT / "dagster.yaml", root)
    landing = folder / "landing"
    landing.mkdir()
    return Settings(root=root, landing=landing, home=folder / "home", pseudonym_key=b"test")
