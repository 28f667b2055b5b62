"""The real codebook, and an installation in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from landing_house import House

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.common.settings import PROJECT_ROOT, Settings


@pytest.fixture(scope="session")
def real_codebook() -> Codebook:
    return load_codebook(PROJECT_ROOT / "seeds")


@pytest.fixture
def house(tmp_path: Path, real_codebook: Codebook) -> House:
    settings = Settings(
        PROJECT_ROOT, tmp_path / "landing", tmp_path / "home", b"a secret of the tests"
    )
    settings.landing.mkdir()
    return House(settings, real_codebook)
