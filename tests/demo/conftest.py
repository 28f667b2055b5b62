"""One demo landing for all tests that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.common.progress import silent
from dagster_project.demo import write_demo


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "landing"
    write_demo(folder, silent)
    return folder
