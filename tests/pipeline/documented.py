"""The examples that the pages show, and ways to run them.

Belongs here: finding code blocks, running a line on the demo or on a newcomer's own small home.
Does not belong here: what must come out.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import expectations
import pytest
from click.testing import CliRunner
from demo_home import Demo

from dagster_project.commands.main import main
from dagster_project.common.settings import PROJECT_ROOT

PAGES = [
    PROJECT_ROOT / "README.md",
    *sorted((PROJECT_ROOT / "docs").glob("*.md")),
    *sorted((PROJECT_ROOT / "docs" / "howto").glob("*.md")),
    PROJECT_ROOT / "CONTRIBUTING.md",
]
LONG_RUNNING = ("dagster dev",)
TRIED_ELSEWHERE = ("make ",)
FIRST_OF_ALL = "kto refresh --landing my-feeds --home my-home"
KEY = "a long secret of your own"
OWN = re.compile(r"\bmy-")
"""What is the newcomer's own is called my-feeds, my-home and so on."""
ON_THE_SMALL_HOME = ("--period 2020Q4", "--quarter", "dbt build")
"""Parts of lines that do the same whatever the home is, and are done with sooner on a small one."""
FOR_A_SHELL = frozenset("|&;<>$`=*")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


def run_line(demo: Demo, my_feeds: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line on the demo, or on the newcomer's own small home."""
    if OWN.search(line):
        return run_in(my_feeds.parent, demo.environment | {"KTO_PSEUDONYM_KEY": KEY}, line)
    if not any(words in line for words in ON_THE_SMALL_HOME):
        return run_in(PROJECT_ROOT, demo.environment, line)
    # what is released as it is has to be held, such as by a file in a folder that is no feed
    no_feed = my_feeds / "loket"
    if "--as-is" in line:
        no_feed.mkdir()
        (no_feed / "2021-02-01.csv").touch()
    small = {"KTO_HOME": str(my_feeds.with_name("my-home")), "KTO_LANDING": str(my_feeds)}
    done = run_in(PROJECT_ROOT, demo.environment | small | {"KTO_PSEUDONYM_KEY": KEY}, line)
    shutil.rmtree(no_feed, ignore_errors=True)
    return done


def run_in(
    folder: Path, environment: dict[str, str], line: str
) -> subprocess.CompletedProcess[str]:
    """Run a line in a folder, by a shell; a plain command of ours in this process.

    That starts one does not differ from line to line, and takes longer than most do.
    """
    program, *words = shlex.split(line)
    if program != "kto" or FOR_A_SHELL & set(line):
        return subprocess.run(
            ["sh", "-c", line],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        if line != FIRST_OF_ALL:
            expectations.leave_out(patch)
        done = CliRunner().invoke(main, words, env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def until_it_serves(demo: Demo, line: str) -> list[str]:
    """Start what runs until it is stopped, stop it once it serves, and return what it said."""
    said: list[str] = []
    with subprocess.Popen(
        ["sh", "-c", f"exec {line} 2>&1"],
        cwd=PROJECT_ROOT,
        env=demo.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        patience = threading.Timer(180, running.kill)
        patience.start()
        assert running.stdout is not None
        for words in running.stdout:
            said.append(words)
            if "Serving" in words:
                break
        patience.cancel()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    return said
