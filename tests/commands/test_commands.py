"""The command line: exit codes, one clear line, and nothing written when refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from filelock import FileLock

from dagster_project.commands.main import main
from dagster_project.common.settings import Limits, Settings

INVITATIONS = "uitnodiging_id;gemeentecode;kanaal;product;verzonden_op;email\n"


def kto(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "LANDING", "PSEUDONYM_KEY", "TARGET", "PUBLISH_POSTGRES", "RELEASE_DAY"):
        monkeypatch.delenv(f"KTO_{name}", raising=False)
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("refresh", "--quarter", "2020Q5"),
        ("refresh", "--quarter"),
        ("refresh", "2020Q4"),
        ("refresh", "--quarter", "2020Q4", "2020Q5"),
        ("refresh", "--nonsense"),
        ("release",),
        ("release", "--as-is"),
        ("release", "--reason", "why"),
        ("revise", "--study", "nvvb", "--organisation", "GM0637", "--period", "2020Q4"),
        ("revise", "--study", "nvvb", "--organisation", "GM0637", "--reason", "why"),
        ("withdraw", "--study", "nvvb", "--organisation", "GM0637", "--period", "2020Q4"),
        ("nonsense",),
        ("codebook",),
    ],
)
def test_wrong_usage_ends_with_two(arguments: tuple[str, ...]) -> None:
    assert kto(*arguments).exit_code == 2


def test_a_landing_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = kto("refresh", "--landing", tmp_path / "nowhere", "--home", tmp_path / "home")
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert f"no landing folder at {tmp_path / 'nowhere'}" in done.stderr


def test_an_empty_landing_is_nothing_to_do(landing: Path, tmp_path: Path) -> None:
    done = kto("refresh", "--landing", landing, "--home", tmp_path / "home")
    assert done.exit_code == 0
    assert done.stdout.startswith("nothing to do: no deliveries in")
    assert not (tmp_path / "home" / "warehouse.duckdb").exists()


def test_a_second_refresh_refuses_while_the_first_is_at_work(landing: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with FileLock(home / ".refresh.lock"):
        done = kto("refresh", "--landing", landing, "--home", home)
    assert done.exit_code == 1
    assert "another run is at work" in done.stderr


def test_addresses_without_a_key_are_refused_before_anything_is_written(
    landing: Path, tmp_path: Path
) -> None:
    folder = landing / "invitations"
    folder.mkdir()
    row = "u1;GM0637;counter;paspoort;2020-10-01;someone@example.org\n"
    (folder / "batch.csv").write_text(INVITATIONS + row, encoding="utf-8")
    done = kto("refresh", "--landing", landing, "--home", tmp_path / "home")
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "KTO_PSEUDONYM_KEY" in done.stderr
    assert not (tmp_path / "home" / "lake").exists()


def test_a_release_day_that_no_month_has_is_refused(
    landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KTO_RELEASE_DAY", "31")
    done = kto("refresh", "--landing", landing, "--home", tmp_path / "home")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KTO_READ_MEMORY_MB", "255"),
        ("KTO_READ_MEMORY_MB", "2 GB"),
        ("KTO_READ_SECONDS", "0"),
        ("KTO_MEMORY_MB", "511"),
    ],
)
def test_a_limit_that_nothing_can_be_done_under_is_refused(
    landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    done = kto("refresh", "--landing", landing, "--home", tmp_path / "home")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert f"{name} is '{value}'; give a whole number" in done.stderr


def test_limits_of_reading_come_from_the_environment() -> None:
    given = {"KTO_READ_MEMORY_MB": "512", "KTO_READ_SECONDS": "60"}
    assert Settings.from_env(env=given).limits == Limits(512, 60)
    assert Settings.from_env(env={}).limits == Limits(2048, 300)


def test_the_memory_of_the_models_comes_from_the_environment(tmp_path: Path) -> None:
    settings = Settings.from_env(home=tmp_path, env={"KTO_MEMORY_MB": "600"})
    with duckdb.connect(config=settings.engine) as engine:
        asked = "select current_setting('memory_limit'), current_setting('temp_directory')"
        assert engine.execute(asked).fetchall() == [
            ("600.0 MiB", str(tmp_path / "warehouse.duckdb.tmp"))
        ]
    assert Settings.from_env(env={}).memory_mb == 2048


def test_a_target_of_which_this_version_knows_nothing_is_refused_at_once(
    landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KTO_TARGET", "spark")
    done = kto("refresh", "--landing", landing, "--home", tmp_path / "home")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "KTO_TARGET is 'spark'" in done.stderr
    assert not (tmp_path / "home").exists()


def test_what_is_set_to_nothing_or_to_the_default_is_not_refused(
    landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KTO_PUBLISH_POSTGRES", "")
    for target in ("", "duckdb"):
        monkeypatch.setenv("KTO_TARGET", target)
        done = kto("refresh", "--landing", landing, "--home", tmp_path / "home")
        assert (done.exit_code, done.stderr) == (0, "")


def test_what_was_not_published_cannot_be_withdrawn(tmp_path: Path) -> None:
    period = ("--study", "nvvb", "--organisation", "GM0637", "--period", "2020q4")
    words = ("withdraw", *period, "--reason", "a try", "--home", tmp_path / "home")
    done = kto(*words)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "--never-distributed" in done.stderr
    done = kto(*words, "--never-distributed")
    assert (done.exit_code, done.stderr) == (
        1,
        "kto: nvvb GM0637 2020Q4 is not published, so there is nothing to withdraw\n",
    )


def test_the_codebook_is_found_whole() -> None:
    done = kto("codebook", "check")
    assert done.exit_code == 0
    assert done.stdout.rstrip().endswith("no problems")


def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys\n"
        "from dagster_project.commands.main import main\n"
        "try:\n    main(['refresh', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'dagster', 'dbt', 'duckdb', 'polars', 'pandas', 'great_expectations'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--quarter" in done.stdout


def test_status_looks_at_the_landing_that_the_home_was_filled_from(
    landing: Path, tmp_path: Path
) -> None:
    kto("refresh", "--landing", landing, "--home", tmp_path / "home")
    (landing / "counter").mkdir()
    (landing / "counter" / "2020-01-01.csv").write_text("respons_id\n", encoding="utf-8")
    found = json.loads(kto("status", "--home", tmp_path / "home", "--json").stdout)
    assert [one["file"] for one in found["deliveries"]] == ["counter/2020-01-01.csv"]
