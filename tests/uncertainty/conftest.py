"""The models are rendered once for all tests of this folder."""

from __future__ import annotations

import pytest
from project_sql import ProjectSql, render


@pytest.fixture(scope="session")
def sql(tmp_path_factory: pytest.TempPathFactory) -> ProjectSql:
    return render(tmp_path_factory.mktemp("rendering"))
