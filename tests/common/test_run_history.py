"""The history of runs can be done without: a damaged one is put out of the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.common.history import open_instance, set_aside_if_damaged
from dagster_project.common.settings import PROJECT_ROOT, Settings

PAGE = 4096


@pytest.fixture
def history(tmp_path: Path) -> Settings:
    """A home whose history was opened once."""
    settings = Settings(PROJECT_ROOT, tmp_path / "landing", tmp_path / "home")
    with open_instance(settings) as instance:
        assert instance.get_runs_count() == 0
    return settings


def test_a_sound_history_stays(history: Settings) -> None:
    assert set_aside_if_damaged(history) is None
    assert (history.home / "dagster").is_dir()


@pytest.mark.parametrize("place", [0, PAGE], ids=["header", "page"])
def test_a_damaged_history_is_set_aside_and_another_begun(history: Settings, place: int) -> None:
    runs = history.home / "dagster" / "history" / "runs.db"
    content = runs.read_bytes()
    runs.write_bytes(content[:place] + b"x" * 16 + content[place + 16 :])
    aside = set_aside_if_damaged(history)
    assert aside == history.home / "dagster.damaged"
    assert (aside / "history" / "runs.db").is_file()
    with open_instance(history) as instance:
        assert instance.get_runs_count() == 0
    assert set_aside_if_damaged(history) is None
