"""What the pages for a server name is there: programs, their options, settings."""

from __future__ import annotations

import re
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml
from dagster._daemon.cli import run_command as daemon
from dagster_webserver.cli import dagster_webserver as webserver

from dagster_project.commands.main import main
from dagster_project.common.settings import PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"
HOWTO = sorted((DOCS / "howto").glob("*.md"))
TEXT = "\n".join(page.read_text("utf-8") for page in HOWTO)
UNITS = re.findall(r"^```ini\n(.*?)^```", TEXT, re.M | re.S)
BIN = Path(sys.executable).parent


def started_by(unit: str) -> list[str]:
    """Read the command of a unit, if it has one."""
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit)
    assert parser.has_option("Unit", "Description")
    return parser.get("Service", "ExecStart", fallback="").split()


def test_every_unit_starts_a_program_that_is_installed() -> None:
    commands = [command for unit in UNITS if (command := started_by(unit))]
    assert len(commands) == 3
    for program, *words in commands:
        assert (BIN / Path(program).name).is_file()
        if program.endswith("/kto"):
            assert words[0] in main.commands


@pytest.mark.parametrize(
    ("program", "command"), [("dagster-webserver", webserver), ("dagster-daemon run", daemon)]
)
def test_options_of_dagster_are_known_to_it(program: str, command: object) -> None:
    lines = re.findall(rf"{program} (.*)", TEXT)
    known = {name for one in getattr(command, "params", []) for name in one.opts}
    used = {word for line in lines for word in line.split() if re.match(r"--?[a-z]", word)}
    assert used
    assert used <= known


def test_every_setting_is_one_of_the_contract() -> None:
    contract = (DOCS / "contract.md").read_text("utf-8")
    named = set(re.findall(r"\bKTO_[A-Z_]+", TEXT))
    assert len(named) > 5
    assert [name for name in sorted(named) if f"`{name}`" not in contract] == []


def test_what_replaces_a_part_of_the_settings_of_dagster_is_such_a_part() -> None:
    (part,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.M | re.S)
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text("utf-8"))
    assert set(yaml.safe_load(part)) <= set(settings)


def test_the_image_has_a_python_that_the_project_allows() -> None:
    (version,) = re.findall(r"^FROM \S+/python:3\.(\d+)-slim$", TEXT, re.M)
    assert 11 <= int(version) <= 13
