"""The store of what was published: kept once, found again, and never silently damaged."""

from __future__ import annotations

import errno
import json
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from failing_disk import Disk
from small_release import settings_in

from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.release.revision import refuse
from dagster_project.release.vintages import (
    ENTRY,
    Index,
    VintageError,
    Withdrawal,
    keep,
    kept,
    kept_models,
    parts_of,
    read_index,
    sweep,
    verify,
    write_anchors,
    write_index,
)
from dagster_project.release.withdraw import withdraw

CAFE = {"study": "cafe", "organisation_code": "A"}


def entries(*periods: str, vintage: str = "v1", revision: int = 0) -> pl.DataFrame:
    rows = [
        CAFE
        | {
            "period": period,
            "period_type": "quarter" if "Q" in period else "year",
            "period_start": date(int(period[:4]), 3 * int(period[5:] or 1) - 2, 1),
            "period_end": date(int(period[:4]), 12, 31),
            "revision": revision,
            "vintage": vintage,
            "released_on": date(2021, 1, 15),
            "as_is": False,
            "empty": False,
        }
        for period in periods
    ]
    return pl.DataFrame(rows, schema=ENTRY)


def published(*periods: str) -> Index:
    return Index().with_new("v1", entries(*periods), "digest", {"d": {"taste mean": "abc"}})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse with cells of two quarters, a pattern and one mart of both."""
    found = settings_in(tmp_path)
    found.home.mkdir()
    with duckdb.connect(found.warehouse) as engine:
        engine.execute(
            "create schema intermediate; create table intermediate.int_cells as "
            "select * from (values ('cafe', 'A', '2020Q3', 20), ('cafe', 'A', '2020Q4', 30)) "
            "as cells (study, organisation_code, period, n)"
        )
        rows = engine.sql("from intermediate.int_cells").pl()
    found.pattern.parent.mkdir()
    rows.write_parquet(found.pattern)
    (tmp_path / "marts").mkdir()
    rows.write_parquet(tmp_path / "marts" / "mart_kpi.parquet")
    return found


def keep_fourth(settings: Settings) -> str:
    return keep(
        settings,
        "v1",
        entries("2020Q4"),
        models=["int_cells"],
        marts=settings.root / "marts",
        keyed=["mart_kpi"],
    )


def test_the_index_is_read_as_it_was_written(settings: Settings) -> None:
    withdrawal = Withdrawal("cafe", "A", ("2020Q2",), "Ann", "a try", "2021-02-01")
    index = published("2020Q3", "2020Q4").without(entries("2020Q3"), withdrawal)
    write_index(settings, index)
    again = read_index(settings)
    assert again.entries.equals(index.entries)
    assert again.definitions == {"d": {"taste mean": "abc"}}
    assert again.withdrawals == (withdrawal,)
    assert again.release == "v1"


def test_the_index_names_no_vintage_before_the_disk_has_it(settings: Settings, disk: Disk) -> None:
    digest = keep_fourth(settings)
    index = Index().with_new("v1", entries("2020Q4"), digest, {"d": {"taste mean": "abc"}})
    write_index(settings, index)
    moved = [Path(target).name for what, _, target in disk.done if what == "move"]
    assert moved == ["v1", "index.json"]
    assert disk.too_early() == []


@pytest.mark.parametrize("fault", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_disk_that_fails_at_any_operation_leaves_the_index_that_was_or_will_be(
    settings: Settings, disk: Disk, fault: int
) -> None:
    write_index(settings, published("2020Q3"))
    tried = 0
    while True:
        disk.fail(tried, fault)
        try:
            digest = keep_fourth(settings)
            index = Index().with_new("v1", entries("2020Q4"), digest, {})
            write_index(settings, index)
        except OSError:
            found = read_index(settings).entries["period"].to_list()
            assert found in (["2020Q3"], ["2020Q4"])
        if not disk.has_failed:
            break
        tried += 1
        write_index(settings, published("2020Q3"))
    assert read_index(settings).entries["period"].to_list() == ["2020Q4"]
    verify(settings, read_index(settings))
    assert tried > 6


def test_there_is_an_empty_index_before_anything_was_published(settings: Settings) -> None:
    assert read_index(settings).entries.is_empty()


def test_a_damaged_index_is_one_clear_line(settings: Settings) -> None:
    settings.vintages.mkdir()
    (settings.vintages / "index.json").write_text("{")
    with pytest.raises(VintageError, match=r"index\.json cannot be read .* from a backup"):
        read_index(settings)


def test_keeps_what_the_periods_rest_on_with_the_name_of_the_release(settings: Settings) -> None:
    keep_fourth(settings)
    folder = settings.vintages / "v1"
    assert sorted(path.name for path in folder.rglob("*.*")) == [
        "int_cells.parquet",
        "mart_kpi.parquet",
        "pattern.parquet",
        "vintage.json",
    ]
    for name in ("int_cells", "pattern", "marts/mart_kpi"):
        rows = kept(settings, name, entries("2020Q3", "2020Q4")).to_dicts()
        assert [(row["period"], row["n"], row["vintage"]) for row in rows] == [("2020Q4", 30, "v1")]
    # of another vintage there is nothing
    assert kept(settings, "int_cells", entries("2020Q4", vintage="v2")).is_empty()


def test_a_damaged_or_missing_file_is_named(settings: Settings) -> None:
    index = Index().with_new("v1", entries("2020Q4"), keep_fourth(settings), {})
    verify(settings, index)
    file = settings.vintages / "v1" / "int_cells.parquet"
    file.chmod(0o644)
    content = file.read_bytes()
    file.write_bytes(content[:-9] + b"x" + content[-8:])
    with pytest.raises(VintageError, match=r"int_cells\.parquet is damaged"):
        verify(settings, index)
    verify(settings, index, only=["int_contributions"])
    file.unlink()
    with pytest.raises(VintageError, match=r"int_cells\.parquet is missing"):
        verify(settings, index)


@pytest.mark.parametrize("name", ["pattern.parquet", "marts/mart_kpi.parquet", "vintage.json"])
def test_whatever_is_kept_is_compared(settings: Settings, name: str) -> None:
    index = Index().with_new("v1", entries("2020Q4"), keep_fourth(settings), {})
    verify(settings, index, but=["int_cells"])
    file = settings.vintages / "v1" / name
    content = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(content[:-9] + b"x" + content[-8:])
    with pytest.raises(VintageError, match=rf"{name} is damaged; put it back from a backup"):
        verify(settings, index, but=["int_cells"])


def test_an_index_with_another_period_in_it_is_one_clear_line(settings: Settings) -> None:
    write_index(settings, published("2020Q4"))
    path = settings.vintages / "index.json"
    path.write_text(path.read_text().replace("2020Q4", "2020Q2"))
    with pytest.raises(VintageError, match=r"does not match its checksum\); put it back"):
        read_index(settings)


def test_a_folder_that_no_index_names_is_swept(settings: Settings) -> None:
    keep_fourth(settings)
    write_anchors(settings, {"int_cells": [("study", "varchar"), ("n", "bigint")]})
    sweep(settings, published("2020Q4"))
    assert (settings.vintages / "v1").is_dir()
    sweep(settings, Index())
    assert [path.name for path in settings.vintages.iterdir()] == ["_none"]
    anchor = pl.read_parquet(settings.vintages / "_none" / "int_cells.parquet")
    assert anchor.schema == {"study": pl.String, "n": pl.Int64, "vintage": pl.String}
    assert anchor.is_empty()


def test_what_is_kept_stands_in_the_manifest_of_dbt(tmp_path: Path) -> None:
    def node(name: str, kept: bool, kind: str | None) -> dict[str, object]:
        return {
            "name": name,
            "resource_type": "model",
            "config": {"meta": {"kept": kept}},
            "columns": {"study": {"name": "study", "data_type": kind}},
        }

    manifest = tmp_path / "manifest.json"
    nodes = {"a": node("int_cells", True, "varchar"), "b": node("int_scores", False, None)}
    manifest.write_text(json.dumps({"nodes": nodes}))
    assert kept_models(manifest) == {"int_cells": [("study", "varchar")]}
    manifest.write_text(json.dumps({"nodes": {"a": node("int_cells", True, None)}}))
    with pytest.raises(VintageError, match="int_cells is kept; give each of its columns a type"):
        kept_models(manifest)


def test_the_newest_vintage_counts_and_the_year_goes_with_its_quarter() -> None:
    index = published("2020Q3", "2020Q4", "2020", "2019Q4").with_new(
        "v2", entries("2020Q4", "2020", vintage="v2", revision=1), "other", {}
    )
    newest = dict(index.newest.select("period", "vintage").iter_rows())
    assert newest == {"2020Q3": "v1", "2020Q4": "v2", "2020": "v2", "2019Q4": "v1"}
    found = parts_of(index, [("cafe", "A", "2020Q3")])
    assert dict(found.select("period", "vintage").iter_rows()) == {"2020Q3": "v1", "2020": "v2"}
    both = index.revisions_of(entries("2020Q4"))
    assert both["vintage"].to_list() == ["v1", "v2"]


def test_a_withdrawn_period_is_forgotten_with_its_year(settings: Settings) -> None:
    write_index(settings, published("2020Q3", "2020Q4", "2020"))
    period = (("cafe", "A", "2020Q4"),)
    with pytest.raises(UserError, match="--never-distributed"):
        withdraw(settings, period, reason="a try", never_distributed=False)
    assert read_index(settings).entries.height == 3
    gone = withdraw(settings, period, reason="a try", by="Ann", never_distributed=True)
    assert gone == ("2020", "2020Q4")
    index = read_index(settings)
    assert index.entries["period"].to_list() == ["2020Q3"]
    assert [(one.by, one.reason, one.release) for one in index.withdrawals] == [
        ("Ann", "a try", None)
    ]
    with pytest.raises(UserError, match="cafe A 2020Q4 is not published"):
        withdraw(settings, period, reason="a try", never_distributed=True)
    # the next release says so, and none after it
    later = index.with_new("v3", ENTRY.to_frame(), None, {})
    assert later.withdrawals[0].release == "v3"


def test_refuses_to_revise_what_is_not_out_a_sum_or_revised_often_enough() -> None:
    index = published("2020Q3", "2020Q4", "2020").with_new(
        "v2", entries("2020Q4", "2020", vintage="v2", revision=3), "other", {}
    )
    with pytest.raises(UserError, match="cafe A 2020Q1 is not published"):
        refuse(index, (("cafe", "A", "2020Q1"),), {"cafe": 3})
    with pytest.raises(UserError, match="2020 is the sum of its quarters"):
        refuse(index, (("cafe", "A", "2020"),), {"cafe": 3})
    with pytest.raises(UserError, match="2020Q4 was revised 3 times, and 3 are allowed"):
        refuse(index, (("cafe", "A", "2020Q4"),), {"cafe": 3})
    # its year was revised as often, and would be again
    with pytest.raises(UserError, match="2020 was revised 3 times"):
        refuse(index, (("cafe", "A", "2020Q3"),), {"cafe": 3})
    refuse(index, (("cafe", "A", "2020Q3"),), {"cafe": 4})
