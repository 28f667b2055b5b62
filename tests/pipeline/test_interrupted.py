"""A refresh that somebody stops: one line, and exit 130."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kto import Place, answers

from dagster_project.common.settings import PROJECT_ROOT

COMMAND = [sys.executable, "-c", "from dagster_project.commands.main import run; run()", "refresh"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", ["", "final_periods"], ids=["while it starts", "while dbt runs"])
def test_a_refresh_that_is_stopped_says_so_in_one_line(
    ending: signal.Signals, after: str, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    place.land("counter", "2021-01-04.csv", answers(4, *range(30)))
    with subprocess.Popen(
        COMMAND,
        cwd=PROJECT_ROOT,
        env={**os.environ, **place.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        if after:
            assert any(line.startswith(after) for line in running.stderr)
        else:
            while not place.home.exists():
                assert running.poll() is None
        running.send_signal(ending)
        said = running.communicate(timeout=120)[1].splitlines()
    assert said[-1] == "kto: interrupted; run again to finish"
    assert all(re.match(r"[a-z_]+: ", line) for line in said[:-1])
    assert running.returncode == 130
