"""The pipeline's own definitions on a scratch landing and home."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.codebook import load_codebook
from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.orchestration.resources import Installation


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "landing").mkdir()
    return Settings(PROJECT_ROOT, tmp_path / "landing", tmp_path / "home", b"a key of the tests")


@pytest.fixture
def installation(settings: Settings) -> Installation:
    return Installation(settings, load_codebook(*settings.codebook))
