"""`dbt build` without the pipeline around it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.common.settings import PROJECT_ROOT

DBT = Path(sys.executable).parent / "dbt"
BUILD = ("build", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt keeps what it parsed, which serves as long as the home bears the same name."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture
def home(scratch: Path) -> Path:
    """No home, whatever there was."""
    folder = scratch / "home"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def build(home: Path, scratch: Path) -> str:
    """Run dbt, which must fail without a traceback; what it printed."""
    places = ("--target-path", str(scratch / "target"), "--log-path", str(scratch))
    done = subprocess.run(
        [str(DBT), "--no-use-colors", *BUILD, *places],
        cwd=PROJECT_ROOT,
        env=os.environ | {"KTO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("there", [False, True], ids=["no home", "an empty home"])
def test_says_in_one_line_that_there_is_no_lake(there: bool, home: Path, scratch: Path) -> None:
    if there:
        home.mkdir()
    assert f"no lake under '{home}': run `kto refresh` first" in build(home, scratch)
    assert home.exists() == there


def test_says_in_one_line_what_is_damaged(home: Path, scratch: Path) -> None:
    entry = home / "lake" / "deliveries" / "counter" / "1.json"
    entry.parent.mkdir(parents=True)
    entry.write_text('{"feed": "counter"', encoding="utf-8")
    assert f"{entry} is damaged" in build(home, scratch)
