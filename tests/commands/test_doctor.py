"""What `kto doctor` finds, and that it mends nothing."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from dagster_project.codebook import load_codebook
from dagster_project.commands.main import main
from dagster_project.common.progress import silent
from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.ingest import ingest_feed

HEADER = "respons_id;gemeentecode;product;datum_contact;datum_invul;totaaloordeel\n"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROW = "1;GM0637;paspoort;2020-10-01;2020-10-02;8\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A landing with one delivery that was taken in."""
    made = Settings(PROJECT_ROOT, tmp_path / "landing", tmp_path / "home", b"a secret of the tests")
    (made.landing / "counter").mkdir(parents=True)
    (made.landing / "counter" / "20210105.csv").write_text(HEADER + ROW, encoding="utf-8")
    made.home.mkdir(mode=0o700)
    codebook = load_codebook(made.seeds)
    before = os.umask(0o077)
    ingest_feed(made, codebook, "counter", silent, NOW)
    os.umask(before)
    return made


def examined(settings: Settings, **env: str) -> tuple[int, dict[str, list[tuple[bool, str]]]]:
    """The exit code, and what was found by what was looked at."""
    there = ["--landing", str(settings.landing), "--home", str(settings.home), "--json"]
    result = CliRunner().invoke(main, ["doctor", *there], env={"KTO_PSEUDONYM_KEY": None, **env})
    found: dict[str, list[tuple[bool, str]]] = {}
    for one in json.loads(result.stdout):
        found.setdefault(one["what"], []).append((one["good"], one["found"]))
    return result.exit_code, found


def test_nothing_is_wrong_with_a_sound_home(settings: Settings):
    code, found = examined(settings)

    assert code == 0
    assert list(found) == [
        *("versions", "folders", "codebook", "key", "lock", "room", "rights", "stores")
    ]
    assert all(good for lines in found.values() for good, _ in lines)
    assert found["stores"][0] == (True, "lake: 1 deliveries as they were stored")


def test_a_home_that_others_can_read_is_named_and_stays_as_it_is(settings: Settings):
    settings.lake.chmod(0o755)

    code, found = examined(settings)

    assert code == 1
    assert found["rights"] == [
        (False, f"{settings.lake} can be read by others; the next refresh closes it")
    ]
    assert settings.lake.stat().st_mode & 0o777 == 0o755


def test_a_damaged_file_is_named(settings: Settings):
    (stored,) = (settings.lake / "responses" / "counter").glob("*.parquet")
    stored.write_bytes(b"x" + stored.read_bytes()[1:])

    code, found = examined(settings)

    assert code == 1
    good, said = found["stores"][0]
    assert not good
    assert said.startswith(f"{stored} is damaged")


def test_a_short_key_can_be_guessed(settings: Settings):
    assert examined(settings, KTO_PSEUDONYM_KEY="geheim")[1]["key"] == [
        (False, "it is shorter than 16 bytes and can be guessed; take a longer")
    ]
    assert examined(settings, KTO_PSEUDONYM_KEY="a long secret of one's own")[0] == 0


def test_a_run_at_work_is_seen(settings: Settings):
    with FileLock(settings.home / ".refresh.lock"):
        assert examined(settings)[1]["lock"] == [(True, "a refresh is at work")]


def test_a_missing_landing_is_named(settings: Settings, tmp_path: Path):
    there = ["--landing", str(tmp_path / "none"), "--home", str(settings.home)]
    result = CliRunner().invoke(main, ["doctor", *there])

    assert result.exit_code == 1
    assert f"MEND  folders   landing {tmp_path / 'none'} is not there" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("need action")
