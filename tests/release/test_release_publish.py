"""The swap: readers see the old or the new release, whole, whatever happens."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from small_release import NOW, make_warehouse, no_vintage, settings_in, stage

from dagster_project.common.settings import Settings
from dagster_project.release.export import stage_release
from dagster_project.release.intact import damage
from dagster_project.release.manifest import ReleaseError, Story, current_release
from dagster_project.release.publish import discard, finish, nothing_new, publish
from dagster_project.release.vintages import Index


@pytest.fixture
def settings(tmp_path: Path):
    found = settings_in(tmp_path)
    make_warehouse(found)
    return found


def publish_taste(settings: Settings, value: float, minutes: int):
    """Publish marts whose every table says the same number, and give the release's id."""
    make_warehouse(
        settings,
        f"update mart_kpi set value = {value} where status = 'published'",
        f"update dim_organisation set name = '{value}'",
    )
    return publish(settings, stage(settings, NOW + timedelta(minutes=minutes)), no_vintage).name


def test_there_is_no_release_before_the_first(settings: Settings):
    assert current_release(settings) is None


def test_publishes_read_only_files_behind_a_relative_link(settings: Settings):
    staged = stage(settings)
    released = publish(settings, staged, no_vintage, ["gates"])
    assert released == settings.published / "releases" / staged.id
    assert (settings.published / "current").readlink() == Path("releases", staged.id)
    assert not staged.path.exists()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in released.rglob("*") if path.is_file()}
    assert modes == {0o444}
    manifest = current_release(settings)
    assert manifest.release == staged.id
    assert manifest.checks == ("dbt", "gates")


def test_what_is_not_published_yet_is_open_to_its_maker_only(settings: Settings):
    staged = stage(settings)
    assert stat.S_IMODE(staged.path.stat().st_mode) == 0o700
    released = publish(settings, staged, no_vintage)
    assert stat.S_IMODE(released.stat().st_mode) == stat.S_IMODE(released.parent.stat().st_mode)


def test_equal_marts_are_not_published_twice(settings: Settings):
    first = stage(settings)
    assert nothing_new(settings, first) == "no period is published yet"
    publish(settings, first, no_vintage)
    again = stage(settings, NOW + timedelta(days=1))
    assert nothing_new(settings, again) == f"{first.id} stays, as nothing differs"
    discard(again)
    assert [path.name for path in (settings.published / "releases").iterdir()] == [first.id]


@pytest.mark.parametrize("name", ["kto.duckdb", "manifest.json", "parquet/mart_kpi.parquet"])
@pytest.mark.parametrize("noted", [True, False], ids=["", "of an earlier version"])
def test_a_damaged_release_is_named_and_published_anew(settings: Settings, name: str, noted: bool):
    released = publish(settings, stage(settings), no_vintage)
    assert damage(settings) is None
    if not noted:
        (settings.internal / "released.json").unlink()
    content = (released / name).read_bytes()
    (released / name).chmod(0o644)
    (released / name).write_bytes(content[:-9] + b"x" + content[-8:])
    again = stage(settings, NOW + timedelta(days=1))
    if not noted and name == "kto.duckdb":
        # its manifest tells nothing of this file
        assert damage(settings) is None
        return
    assert damage(settings).startswith(f"{released / name} is damaged")
    assert nothing_new(settings, again) is None
    publish(settings, again, no_vintage)
    assert damage(settings) is None
    assert current_release(settings).release == again.id


def test_a_release_that_is_gone_is_published_anew(settings: Settings):
    released = publish(settings, stage(settings), no_vintage)
    shutil.rmtree(released)
    assert "manifest.json is damaged or missing" in damage(settings)
    assert nothing_new(settings, stage(settings, NOW + timedelta(days=1))) is None


def test_a_period_that_was_withdrawn_makes_a_release_of_equal_marts(settings: Settings):
    publish(settings, stage(settings), no_vintage)
    withdrawn = Story(withdrawn=({"study": "cafe", "by": "Ann", "reason": "a try"},))
    again = stage_release(settings, withdrawn, ["dbt"], NOW + timedelta(days=1))
    assert nothing_new(settings, again) is None


def test_other_marts_are_a_new_release_and_the_old_one_stays(settings: Settings):
    old = publish_taste(settings, 7.0, minutes=0)
    make_warehouse(settings, "update mart_kpi set margin = 0.1 where status = 'published'")
    staged = stage(settings, NOW + timedelta(minutes=1))
    assert nothing_new(settings, staged) is None
    publish(settings, staged, no_vintage)
    assert current_release(settings).release == staged.id
    assert (settings.published / "releases" / old / "kto.duckdb").is_file()


def test_a_committed_release_that_a_killed_run_did_not_show_is_shown_by_the_next(
    settings: Settings,
):
    old = publish_taste(settings, 7.0, minutes=0)
    make_warehouse(settings)
    staged = stage(settings, NOW + timedelta(minutes=1))
    committed = Index(release=staged.id)
    finish(settings, committed)
    assert current_release(settings).release == staged.id
    assert (settings.published / "releases" / old).is_dir()
    # killed after the rename, before the swap
    link = settings.published / "current"
    link.unlink()
    link.symlink_to(Path("releases", old))
    finish(settings, committed)
    assert current_release(settings).release == staged.id
    # what was never committed stays as it is
    finish(settings, Index(release=None))
    assert current_release(settings).release == staged.id


def test_a_reader_that_opened_a_release_keeps_reading_it(settings: Settings):
    publish_taste(settings, 7.0, minutes=0)
    with duckdb.connect(settings.published / "current" / "kto.duckdb", read_only=True) as reader:
        publish_taste(settings, 8.0, minutes=1)
        query = "select max(value) from marts.mart_kpi"
        assert reader.execute(query).fetchall() == [(7.0,)]


def test_readers_in_a_loop_see_one_release_per_open_during_twenty_publishes(settings: Settings):
    publish_taste(settings, 1.0, minutes=0)
    seen, faults, over = [], [], threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                path = (settings.published / "current").resolve() / "kto.duckdb"
                with duckdb.connect(path, read_only=True) as engine:
                    kpi = engine.execute("select max(value) from marts.mart_kpi").fetchone()
                    name = engine.execute("select name from marts.dim_organisation").fetchone()
                seen.append((kpi[0], float(name[0])))
            except Exception as fault:
                faults.append(fault)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        publish_taste(settings, 1.0 + number / 10, minutes=number + 1)
    over.set()
    reader.join()
    assert faults == []
    assert seen
    assert all(kpi == name for kpi, name in seen)


KILLED = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from small_release import NOW, no_vintage, settings_in, stage
from dagster_project.release.publish import publish
settings = settings_in(Path(sys.argv[2]))
staged = stage(settings, NOW + timedelta(days=1))
step, steps = int(sys.argv[3]), 0
def die_at(event, arguments):
    global steps
    if event in {"os.rename", "os.chmod", "os.symlink", "os.remove", "open"}:
        steps += 1
        if steps == step:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die_at)
publish(settings, staged, no_vintage)
"""


@pytest.mark.parametrize("step", [1, 2, 4, 8, 10, 11, 12, 13, 40])
def test_a_publish_killed_at_any_step_leaves_the_old_or_the_new_release(
    settings: Settings, step: int
):
    old = publish_taste(settings, 7.0, minutes=0)
    make_warehouse(settings)
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent)]
    root = Path(__file__).parents[2]
    ended = subprocess.run([*command, str(settings.root), str(step)], cwd=root, check=False)
    assert ended.returncode in {0, -signal.SIGKILL}
    found = current_release(settings).release
    if ended.returncode == 0:
        assert found.startswith("20261123T093000Z-")
    else:
        assert found in {old, *(path.name for path in (settings.published / "releases").iterdir())}
        assert not found.startswith(".")
    with duckdb.connect(settings.published / "current" / "kto.duckdb", read_only=True) as reader:
        assert reader.execute("select count(*) from marts.mart_kpi").fetchall() == [(3,)]
    assert not (settings.published / "current" / "kto.duckdb.wal").exists()
    publish(settings, stage(settings, NOW + timedelta(days=2)), no_vintage)
    assert current_release(settings).release.startswith("20261124T093000Z-")


def test_a_manifest_that_cannot_be_read_is_one_clear_line(settings: Settings):
    released = publish(settings, stage(settings), no_vintage)
    (released / "manifest.json").unlink()
    with pytest.raises(ReleaseError, match=r"manifest.json cannot be read .* publish a new"):
        current_release(settings)
