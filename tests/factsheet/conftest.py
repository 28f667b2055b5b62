"""The codebook of the project, and figures of one made-up municipality."""

from __future__ import annotations

import pytest

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.common.settings import PROJECT_ROOT


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook(PROJECT_ROOT / "seeds")
