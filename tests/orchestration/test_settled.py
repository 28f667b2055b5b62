"""When a refresh may answer at once: only while nothing that it rests on has changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dagster_project.common.settings import Settings
from dagster_project.orchestration import settled
from dagster_project.orchestration.settled import mark_of, mark_of_input, remember, said_of

DELIVERY, KEPT, SEED = "counter/2020-10-01.csv", "vintages/1/int_cells.parquet", "studies.csv"
OWN = "own/products.csv"


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    """A delivery, a home with something kept, a codebook; a run has found nothing left to do."""
    settings = Settings(
        *(tmp_path / "project", tmp_path / "landing", tmp_path / "home", b"0" * 16),
        own_codebook=tmp_path / "own",
    )
    for path in (
        settings.landing / DELIVERY,
        settings.home / KEPT,
        settings.home / "dagster" / "history" / "runs.db",
        settings.internal / "summary.json",
        settings.seeds / SEED,
        tmp_path / OWN,
        settings.dbt_project / "models" / "mart_kpi.sql",
        settings.dbt_project / "target" / "manifest.json",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("12", encoding="utf-8")
    remember(settings, mark_of(settings, mark_of_input(settings)), ["nothing to do", "één"])
    return settings


def test_what_was_said_is_said_again(place: Settings) -> None:
    assert said_of(place) == ["nothing to do", "één"]
    assert said_of(replace(place, quiet_seconds=60)) is not None


def put(text: str, *, keep_times: bool = False) -> Callable[[Path], None]:
    """Write a text over a file of the same length, and set its date back if asked to."""

    def change(path: Path) -> None:
        before = path.stat()
        path.write_text(text, encoding="utf-8")
        if keep_times:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return change


@pytest.mark.parametrize(
    ("where", "change"),
    [
        pytest.param("landing/counter/2020-11-01.csv", put("1"), id="a delivery came"),
        pytest.param(f"landing/{DELIVERY}", put("13"), id="a delivery changed"),
        pytest.param(f"landing/{DELIVERY}", put("13", keep_times=True), id="and bears its date"),
        pytest.param(f"landing/{DELIVERY}", Path.unlink, id="a delivery went"),
        pytest.param(f"landing/{DELIVERY}", lambda path: path.chmod(0), id="it cannot be read"),
        pytest.param(f"home/{KEPT}", put("13", keep_times=True), id="something kept changed"),
        pytest.param("home/vintages", shutil.rmtree, id="something kept went"),
        pytest.param("home/warehouse.duckdb.wal", put("1"), id="somebody writes the warehouse"),
        pytest.param(f"project/seeds/{SEED}", put("13"), id="the codebook changed"),
        pytest.param(OWN, put("13"), id="a row of one's own changed"),
        pytest.param("own/feeds.csv", put("13"), id="a file of one's own came"),
        pytest.param("project/dbt_project/models/mart_kpi.sql", put("13"), id="a model changed"),
        pytest.param("home/internal/settled.json", put("{"), id="what was said is damaged"),
    ],
)
def test_after_a_change_a_whole_run_is_needed(
    place: Settings, where: str, change: Callable[[Path], None]
) -> None:
    path = place.home.parent / where
    if not path.exists():
        path.touch()
    change(path)
    assert said_of(place) is None


@pytest.mark.parametrize(
    "other",
    [
        {"release_day": 1},
        {"pseudonym_key": b"1" * 16},
        {"landing": Path("/nowhere")},
        {"own_codebook": None},
    ],
)
def test_with_other_settings_a_whole_run_is_needed(
    place: Settings, other: dict[str, object]
) -> None:
    assert said_of(replace(place, **other)) is None  # type: ignore[arg-type]


def test_the_first_run_of_a_day_is_a_whole_one(
    place: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled, "today", lambda: date(2999, 1, 1))
    assert said_of(place) is None


def test_what_dagster_and_dbt_keep_for_themselves_says_nothing(place: Settings) -> None:
    (place.home / "dagster" / "history" / "runs.db").write_text("another", encoding="utf-8")
    (place.dbt_project / "target" / "manifest.json").write_text("another", encoding="utf-8")
    assert said_of(place) is not None
