"""The tutorial: each of its steps in turn, and what the page says that they print."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import expectations
import pytest
from click.testing import CliRunner

from dagster_project.commands.main import main
from dagster_project.common.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "tutorial.md"
STEP = re.compile(r"^```(csv|console) ?(.*)\n((?:.*\n)*?)```$", re.M)
LEFT_OUT = re.compile(r"^\.\.\.\n", re.M)
ANEW = (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}"), re.compile(r"\(\d+ s\)"))
"""What differs from run to run: the id of a release, and seconds."""


@dataclass(frozen=True)
class Said:
    """A command of the page, what the page shows of its output, and what it printed."""

    command: str
    shown: str
    printed: str


def write(folder: Path, name: str, lines: str) -> None:
    """Write a file that the page has whole, or put the one line in the place of that row."""
    if name:
        file = folder / name
        file.parent.mkdir(parents=True)
        file.write_text(lines, encoding="utf-8")
        return
    (file,) = folder.glob("my-feeds/*/*.csv")
    row, _, _ = lines.partition(";")
    text, found = re.subn(rf"^{row};.*\n", lines, file.read_text("utf-8"), flags=re.M)
    assert found == 1
    file.write_text(text, encoding="utf-8")


def run(folder: Path, line: str) -> str:
    """Run a command in a folder as a shell would; what it printed there."""
    program, *words = shlex.split(line)
    assert program == "kto"
    named = [
        name
        for word in words
        for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])
    ]
    environment = {"KTO_HOME": None, "KTO_LANDING": None, "KTO_FACTSHEETS": "yes"}
    done = CliRunner().invoke(main, named, env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.stdout.replace(f"{folder}/", "")


def steps(folder: Path) -> Iterator[Said]:
    for kind, name, lines in STEP.findall(PAGE.read_text("utf-8")):
        if kind == "csv":
            write(folder, name, lines)
            continue
        for part in re.split(r"^(?=\$ )", lines, flags=re.M)[1:]:
            command, _, shown = part.removeprefix("$ ").partition("\n")
            yield Said(command, shown, run(folder, command))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> list[Said]:
    folder = tmp_path_factory.mktemp("tutorial").resolve()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        expectations.leave_out(patch)
        found = list(steps(folder))
        assert (folder / "look.html").is_file()
        assert (folder / "bad_rows.xlsx").is_file()
        assert (folder / "my-home/published/current/index.html").is_file()
    return found


def test_each_command_prints_what_the_page_shows(followed: list[Said]) -> None:
    assert len(followed) == 10
    for said in followed:
        shown, printed = said.shown, said.printed
        for differing in ANEW:
            shown, printed = differing.sub("~", shown), differing.sub("~", printed)
        kept = [re.escape(part) for part in LEFT_OUT.split(shown)]
        assert re.fullmatch(r"(?:.*\n)*?".join(kept), printed), f"{said.command}\n{printed}"


def test_it_leads_through_what_a_newcomer_needs(followed: list[Said]) -> None:
    commands = [said.command.split()[1] for said in followed]
    wanted = ["check", "refresh", "status", "factsheet", "bad-rows", "refresh", "explain"]
    assert [one for one in dict.fromkeys(commands) if one in wanted] == list(dict.fromkeys(wanted))
