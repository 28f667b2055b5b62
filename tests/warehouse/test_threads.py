"""What DuckDB is given for a home: threads and memory."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dagster_project.common.settings import Settings
from dagster_project.orchestration.dbt_plugin import SMALL, Plugin


@pytest.mark.parametrize(
    ("room", "size", "given"),
    [
        ("lake/responses/counter", SMALL - 1, {"threads": 1}),
        ("lake/responses/counter", SMALL, {}),
        ("lake/invitations/invitations", SMALL, {}),
        ("vintages/20250115T000000Z-00000000", SMALL, {}),
        ("lake/quarantine/counter", SMALL, {"threads": 1}),
    ],
)
def test_a_home_has_one_thread_until_what_the_models_read_is_large(
    room: str, size: int, given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dagster_project.orchestration.dbt_plugin.is_at_work", lambda _: True)
    (tmp_path / room).mkdir(parents=True)
    (tmp_path / room / "one.parquet").write_bytes(b"0" * size)
    config: dict[str, Any] = {}
    plugin = object.__new__(Plugin)
    plugin.update_connection_config(SimpleNamespace(path=tmp_path / "warehouse.duckdb"), config)
    assert config == Settings.from_env(home=tmp_path).engine | given
