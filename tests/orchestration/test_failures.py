"""What goes wrong on the way is told in one line, and what is published stays published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import expectations
import pytest
from installing import install

from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.orchestration.pipeline import StepError, refresh
from dagster_project.release import gates
from dagster_project.release.outcome import Expected, GateResult
from dagster_project.warehouse.damage import discard_if_damaged

HEADER = "respons_id;gemeentecode;product;datum_contact;datum_invul;totaaloordeel\n"
CLOSED = GateResult(False, (Expected("mart_kpi", "made up", False, "shows too little"),))
BROKEN_MODEL = "select no_such_column from {{ ref('int_cells') }}"


class Published:
    """An installation of its own that has published twelve answers of one quarter.

    `refused` is what the first attempt said, when the gate let nothing pass.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.settings = install(folder)
        counter = self.settings.landing / "counter"
        counter.mkdir()
        rows = "".join(f"r{n};GM0637;paspoort;2020-10-01;2020-10-02;8\n" for n in range(12))
        (counter / "2020-12-01.csv").write_text(HEADER + rows, encoding="utf-8")
        with patch.context() as closed:
            closed.setattr(gates, "validate", lambda *_: CLOSED)
            with pytest.raises(StepError) as caught:
                refresh(self.settings)
        self.refused = str(caught.value)
        self.published_when_refused = (self.settings.published / "current").exists()
        expectations.leave_out(patch)
        self.told: list[str] = []
        self.first = refresh(self.settings, done=self.told.append)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with pytest.MonkeyPatch.context() as patch:
        yield Published(tmp_path_factory.mktemp("installation"), patch)


def test_nothing_is_published_while_the_gate_is_closed(published: Published) -> None:
    assert published.refused == (
        "release_candidate did not pass great_expectations: 0 of 1 met; "
        "not met: mart_kpi: shows too little (what is published is unchanged)"
    )
    assert not published.published_when_refused


def test_each_step_tells_what_it_did_in_one_line(published: Published) -> None:
    assert published.first.changed
    told = published.told
    counter = "counter: 1 deliveries, 0 judged now; 0 rows = 0 accepted + 0 quarantined"
    assert counter in told[:-13]
    assert [line.split(":")[0] for line in told[-13:]] == [
        "final_periods",
        "lake_models",
        "period_states",
        "quarterly",
        "cells",
        "disclosure",
        "marts",
        "release_candidate",
        "release_preview",
        "attack",
        "final_unchanged",
        "great_expectations",
        "release",
    ]
    assert told[-1] == f"release: {published.first.release} is current"


def test_a_model_that_fails_is_named_and_publishes_nothing(published: Published) -> None:
    settings = published.settings
    before = (settings.published / "current").readlink()
    broken = settings.dbt_project / "models" / "intermediate" / "cells" / "int_broken.sql"
    broken.write_text(BROKEN_MODEL, encoding="utf-8")
    try:
        with pytest.raises(StepError) as caught:
            refresh(settings)
    finally:
        broken.unlink()
    line = str(caught.value)
    assert line.startswith("dbt model int_broken failed: ")
    assert "no_such_column" in line
    assert "\n" not in line
    assert line.endswith("(what is published is unchanged)")
    assert (settings.published / "current").readlink() == before


def flipped(content: bytes, *places: int) -> bytes:
    found = bytearray(content)
    for place in places:
        found[place] ^= 255
    return bytes(found)


@dataclass(frozen=True)
class Republished:
    """The same installation after its release was damaged and a refresh found that.

    `tables` are the bytes of its Parquet files by name, before the damage.
    """

    settings: Settings
    before: Path
    tables: dict[str, bytes]
    told: list[str]
    changed: bool
    after: Path


def parquet_of(release: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (release / "parquet").glob("*")}


@pytest.fixture(scope="module")
def republished(published: Published) -> Republished:
    settings = published.settings
    current = settings.published / "current"
    before = current.resolve()
    tables = parquet_of(before)
    database = before / "kto.duckdb"
    database.chmod(0o644)
    database.write_bytes(flipped(database.read_bytes(), 20_000))
    told: list[str] = []
    again = refresh(settings, done=told.append)
    return Republished(settings, before, tables, told, again.changed, current.resolve())


def test_a_damaged_release_is_published_anew_with_the_same_figures(
    republished: Republished,
) -> None:
    database = republished.before / "kto.duckdb"
    assert any(line.startswith(f"{database} is damaged; ") for line in republished.told)
    assert republished.changed
    assert republished.after != republished.before
    assert parquet_of(republished.after) == republished.tables


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(lambda one: flipped(one, *range(20_000, len(one), 5_000)), id="flipped bytes"),
        pytest.param(lambda one: one[:20_000], id="truncated"),
        pytest.param(lambda _: None, id="deleted, but for its log"),
    ],
)
def test_a_damaged_warehouse_is_built_anew_and_gives_the_same_release(
    republished: Republished, damaged: Callable[[bytes], bytes | None]
) -> None:
    """It is the release that was published anew: nothing more comes of its damage."""
    settings = republished.settings
    warehouse = settings.warehouse
    left = damaged(warehouse.read_bytes())
    if left is None:
        warehouse.unlink()
        warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"of a killed run")
    else:
        warehouse.write_bytes(left)
    told: list[str] = []
    again = refresh(settings, done=told.append)
    named = f"{warehouse} was damaged; building it anew from the lake" in told
    assert named == (left is not None)
    assert not discard_if_damaged(settings)
    assert (again.release, again.changed) == (republished.after.name, False)
    # what is final comes from what was kept of it
    assert again.quarters == ()


def test_a_damaged_file_of_the_lake_is_named_and_not_used(published: Published) -> None:
    settings = published.settings
    before = (settings.published / "current").readlink()
    (file,) = (settings.lake / "responses" / "counter").glob("*.parquet")
    content = file.read_bytes()
    file.write_bytes(content[:-9] + b"x" + content[-8:])
    try:
        with pytest.raises(StepError, match="is damaged; delete it and refresh") as caught:
            refresh(settings)
    finally:
        file.write_bytes(content)
    assert str(file) in str(caught.value)
    assert (settings.published / "current").readlink() == before


def test_a_home_that_cannot_be_written_is_told_in_one_line(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(UserError, match=r"file/home cannot be written \(Not a directory\)"):
        refresh(replace(settings, home=tmp_path / "file" / "home"))
