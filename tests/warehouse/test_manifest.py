"""The parsed dbt project that Dagster's graph is made of, while others work beside it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from installing import install

from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.warehouse import dbt_manifest, manifest


def test_who_reads_it_while_it_is_made_anew_reads_a_whole_one(tmp_path: Path) -> None:
    settings = install(tmp_path)
    shared = dbt_manifest(settings)
    first = shared.stat().st_mtime_ns
    read, ended = [0], threading.Event()
    broken: list[str] = []

    def read_again_and_again() -> None:
        while not ended.is_set():
            try:
                json.loads(shared.read_bytes())
            except (OSError, ValueError) as fault:
                broken.append(str(fault))
            read[0] += 1

    reader = threading.Thread(target=read_again_and_again)
    reader.start()
    (settings.dbt_project / "models" / "marts" / "mart_kpi.sql").touch()
    assert dbt_manifest(settings) == shared
    ended.set()
    reader.join()
    assert shared.stat().st_mtime_ns > first
    assert read[0] > 0
    assert not broken


def test_what_dbt_writes_for_somebody_is_not_what_the_pipeline_reads(tmp_path: Path) -> None:
    settings = Settings(PROJECT_ROOT, tmp_path / "landing", tmp_path / "home")
    written_by_dbt = PROJECT_ROOT / "dbt_project" / "target" / "manifest.json"
    assert dbt_manifest(settings) != written_by_dbt


def test_what_another_version_of_dbt_parsed_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(PROJECT_ROOT, tmp_path / "landing", tmp_path / "home")
    here = dbt_manifest(settings)
    root = tmp_path / "project"
    there = root / "dbt_project" / here.relative_to(PROJECT_ROOT / "dbt_project")
    there.parent.mkdir(parents=True)
    there.write_text("of this version")
    monkeypatch.setattr(manifest, "version", lambda name: f"0 of {name}")
    parsed: list[list[str]] = []
    monkeypatch.setattr(manifest, "invoke", lambda *given: parsed.append(given[2]))
    with pytest.raises(FileNotFoundError):  # as dbt is not there to write it
        dbt_manifest(replace(settings, root=root))
    assert parsed == [["parse"]]
