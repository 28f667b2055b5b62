"""Everything under a home is its owner's, but for what is published."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_feeds
from kto import Place

from dagster_project.common.settings import PROJECT_ROOT

KTO = Path(sys.executable).parent / "kto"
ODD_NAME = "o'brien [a] $b 100% é {{ c }} d*"
"""All that means something to SQL, to patterns of files, to templates, or to a shell."""
NOT_THERE = ("--study", "nvvb", "--organisation", "GM0637", "--period", "1999Q1")
NOT_THERE += ("--never-distributed", "--reason", "a try")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_symlink())


def open_to_others(place: Place) -> list[str]:
    """What others could list, read or write without its being published."""
    published = place.home / "published"
    return [
        f"{mode(path):o} {path.relative_to(place.home)}"
        for path in below(place.home)
        if path != published and published not in path.parents and mode(path) & 0o077
    ]


def kto(place: Place, *words: str, umask: int, told: str = "stderr") -> str:
    """Run the real command in a process of its own; what it said on one of its streams."""
    done = subprocess.run(
        [str(KTO), *words],
        cwd=PROJECT_ROOT,
        env=os.environ
        | {
            "KTO_HOME": str(place.home),
            "KTO_LANDING": str(place.landing),
            "KTO_PSEUDONYM_KEY": "a long secret of a test",
        },
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return str(getattr(done, told))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One small quarter, published by somebody who lets everybody do everything."""
    folder = tmp_path_factory.mktemp("private") / ODD_NAME
    folder.mkdir()
    found = Place(folder)
    for feed, frame in small_feeds.quarter().items():
        found.land(feed, "2021-01-05.csv", frame)
    kto(found, "refresh", umask=0)
    assert found.manifest["tables"]["mart_kpi"]
    return found


def test_a_home_may_have_any_name_and_dbt_alone_builds_in_it(place: Place, tmp_path: Path) -> None:
    assert place.query("select count(*) from marts.mart_kpi")[0][0] > 0
    places = ("--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path))
    done = subprocess.run(
        [
            str(KTO.with_name("dbt")),
            *("run", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project"),
            *("--select", "stg_responses", "stg_final_periods", *places),
        ],
        cwd=PROJECT_ROOT,
        env=os.environ | {"KTO_HOME": str(place.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_people_are_found_in_a_home_of_any_name(place: Place) -> None:
    said = kto(place, "forget", "--before", "2021-01-01", umask=0o022, told="stdout")
    # 24 at the desks of two municipalities
    assert "would remove  counter       24 responses" in said


@pytest.mark.parametrize("name", ["what?", "a%20b", "two\nlines"])
def test_a_name_that_the_history_of_runs_reads_as_another_is_refused_in_one_line(
    name: str, tmp_path: Path
) -> None:
    place = Place(tmp_path / name)
    (tmp_path / name / "landing").mkdir(parents=True)
    (line,) = kto(place, "refresh", umask=0o022).splitlines()
    assert "cannot be the home" in line
    assert not place.home.exists()


def test_only_the_owner_lists_reads_or_writes_what_is_not_published(place: Place) -> None:
    written = {path.relative_to(place.home).parts[0] for path in below(place.home)}
    assert {"lake", "vintages", "dagster", "dbt", "data_docs", "warehouse.duckdb"} <= written
    assert open_to_others(place) == []


def test_others_pass_through_the_home_and_read_the_release(place: Place) -> None:
    assert mode(place.home) == 0o711
    release = (place.home / "published" / "current").resolve()
    folders = [place.home / "published", release.parent, release, release / "parquet"]
    assert {mode(path) for path in folders} == {0o755}
    files = [path for path in below(release) if path.is_file()]
    assert {"kto.duckdb", "manifest.json", "mart_kpi.parquet"} <= {path.name for path in files}
    assert {mode(path) for path in files} == {0o444}


def test_a_home_that_was_left_open_is_closed_and_its_release_stays_readable(
    place: Place, tmp_path: Path
) -> None:
    old = Place(tmp_path)
    shutil.copytree(place.landing, old.landing)
    shutil.copytree(place.home, old.home, symlinks=True)
    for path in (old.home, *below(old.home)):
        path.chmod(0o777 if path.is_dir() else 0o666)
    published = old.home / "published" / "current" / "parquet" / "mart_kpi.parquet"
    # some versions linked what they kept to what they published
    linked = old.home / "disclosure" / "mart_kpi.parquet"
    linked.hardlink_to(published)
    # the shortest command that opens a home to write in it
    said = kto(old, "withdraw", *NOT_THERE, umask=0o022)
    assert "is not published" in said
    assert open_to_others(old) == []
    assert mode(old.home) == 0o711
    assert mode(published) == 0o644
    assert not linked.samefile(published)
    assert linked.read_bytes() == published.read_bytes()
    assert not [path for path in below(old.home / "published") if mode(path) & 0o022]
