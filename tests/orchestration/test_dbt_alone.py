"""`dbt build` without the pipeline around it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT

DBT = Path(sys.executable).parent / "dbt"
BUILD = ("build", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project")


@pytest.mark.parametrize("there", [False, True], ids=["no home", "an empty home"])
def test_says_in_one_line_that_there_is_no_lake(there: bool, tmp_path: Path) -> None:
    home = tmp_path / "home"
    if there:
        home.mkdir()
    places = ("--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path))
    done = subprocess.run(
        [str(DBT), "--no-use-colors", *BUILD, *places],
        cwd=PROJECT_ROOT,
        env=os.environ | {"KTO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"no lake under '{home}': run `kto refresh` first" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert home.exists() == there
