"""Staging: what goes out, in which form, and what does not."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from small_release import NOW, TABLES, make_warehouse, settings_in, stage

from dagster_project.common.settings import Settings
from dagster_project.release.export import StagedRelease, stage_preview
from dagster_project.release.manifest import ReleaseError, read_manifest
from dagster_project.warehouse.damage import DamagedWarehouseError


@pytest.fixture
def settings(tmp_path: Path):
    return settings_in(tmp_path)


def hashes(staged: StagedRelease):
    return dict(read_manifest(staged.path).parquet)


def test_puts_every_mart_out_as_duckdb_and_parquet_sorted_by_key(settings: Settings):
    make_warehouse(settings)
    staged = stage(settings)
    assert staged.tables == {
        "dim_organisation": 2,
        "dim_channel": 2,
        "dim_period": 1,
        "dim_metric": 2,
        "mart_kpi": 3,
        "mart_distribution": 3,
    }
    places = [("A", "bar"), ("A", "terrace"), ("B", "all")]
    with duckdb.connect(staged.path / "kto.duckdb", read_only=True) as engine:
        query = "select organisation_code, channel from marts.mart_kpi"
        assert engine.execute(query).fetchall() == places
    query = "select organisation_code, channel from read_parquet(?)"
    assert duckdb.execute(query, [str(staged.path / "parquet/mart_kpi.parquet")]).fetchall() == (
        places
    )


def test_a_new_mart_needs_no_python_and_a_view_goes_out_as_a_table(settings: Settings):
    make_warehouse(
        settings,
        "create schema inside; create table inside.secret as select 1 as one",
        "create view marts.mart_new as select one from warehouse.inside.secret",
    )
    assert stage(settings).tables["mart_new"] == 1


def test_writes_a_closed_file_that_duckdb_1_4_reads(settings: Settings):
    make_warehouse(settings)
    staged = stage(settings)
    assert sorted(path.name for path in staged.path.iterdir()) == [
        "kto.duckdb",
        "manifest.json",
        "parquet",
        "semantic.yml",
    ]
    header = (staged.path / "kto.duckdb").read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 67  # the storage number of DuckDB 1.4


def test_equal_content_gives_equal_parquet_bytes_whatever_the_order_of_rows(settings: Settings):
    make_warehouse(settings)
    first = stage(settings)
    before, suffix = hashes(first), first.id.rpartition("-")[2]
    make_warehouse(
        settings,
        "create table shuffled as from mart_kpi order by n",
        "delete from mart_kpi; insert into mart_kpi from shuffled; drop table shuffled",
    )
    again = stage(settings, NOW + timedelta(hours=1))
    assert hashes(again) == before
    assert again.id == f"20261122T103000Z-{suffix}"


def test_the_manifest_counts_published_rows_and_names_deliveries_by_hash_alone(settings: Settings):
    make_warehouse(settings)
    staged = stage(settings)
    manifest = json.loads((staged.path / "manifest.json").read_text())
    assert sorted(manifest) == [
        "checks",
        "deliveries",
        "parquet",
        "periods_new",
        "periods_revised",
        "release",
        "released_as_they_were",
        "software",
        "tables",
        "time",
        "withdrawn",
    ]
    assert manifest["release"] == staged.id
    assert manifest["time"] == "2026-11-22T09:30:00+00:00"
    assert manifest["deliveries"] == ["0" * 64, "f" * 64]
    assert manifest["tables"] == dict(staged.tables)
    assert manifest["checks"] == ["dbt"]


def test_rows_of_periods_that_are_not_released_stay_inside(settings: Settings):
    make_warehouse(
        settings,
        "insert into mart_kpi select * replace ('2021Q1' as period) from mart_kpi",
        "insert into dim_period values ('cafe', '2021Q1', 'quarter', date '2021-01-01', false)",
        "alter table dim_period add column next_period varchar; "
        "update dim_period set next_period = '2021Q1' where period = '2020Q4'",
    )
    staged = stage(settings)
    assert (staged.tables["mart_kpi"], staged.tables["dim_period"]) == (3, 1)
    period = pl.read_parquet(staged.path / "parquet" / "dim_period.parquet").to_dicts()[0]
    assert (period["period"], period["next_period"]) == ("2020Q4", None)


def test_a_preview_has_everything_and_calls_due_what_is_not_published(settings: Settings):
    make_warehouse(
        settings,
        "create table mart_release as select * from (values "
        "('cafe', 'A', '2020Q4', 'final', date '2026-11-22'), "
        "('cafe', 'B', '2020Q4', 'final', date '2026-11-22'), "
        "('cafe', 'B', '2021Q1', 'held', null)) "
        "as told (study, organisation_code, period, state, released_on)",
    )
    published = pl.DataFrame({"study": ["cafe"], "organisation_code": ["A"], "period": ["2020Q4"]})
    staged = stage_preview(settings, published, NOW)
    assert settings.preview.resolve() == staged.path
    told = pl.read_parquet(settings.preview / "parquet" / "mart_release.parquet")
    assert list(told.select("organisation_code", "period", "state").iter_rows()) == [
        ("A", "2020Q4", "final"),
        ("B", "2020Q4", "due"),
        ("B", "2021Q1", "held"),
    ]
    assert told["released_on"].null_count() == 2
    again = stage_preview(settings, published.clear(), NOW + timedelta(minutes=1))
    assert list(staged.path.parent.iterdir()) == [again.path]


def test_refuses_a_table_that_is_neither_mart_nor_dim(settings: Settings):
    make_warehouse(settings, "create table marts.int_answers as select 'x' as response_id")
    with pytest.raises(ReleaseError, match="int_answers would be published"):
        stage(settings)
    assert list((settings.published / "releases").iterdir()) == []


def test_refuses_what_a_killed_dbt_left_in_the_marts(settings: Settings):
    make_warehouse(settings, "create table marts.mart_kpi__dbt_tmp as from marts.mart_kpi")
    with pytest.raises(ReleaseError, match="mart_kpi__dbt_tmp"):
        stage(settings)


def test_says_what_to_do_without_a_warehouse(settings: Settings):
    with pytest.raises(ReleaseError, match="does not exist; run `kto refresh` first"):
        stage(settings)


def test_a_damaged_warehouse_is_one_clear_line_and_leaves_nothing(settings: Settings):
    make_warehouse(settings)
    settings.warehouse.write_bytes(b"\0" * 8192)
    with pytest.raises(DamagedWarehouseError, match="is removed; run again") as caught:
        stage(settings)
    assert "\n" not in str(caught.value)
    assert list((settings.published / "releases").iterdir()) == []


def test_removes_what_killed_runs_left(settings: Settings):
    make_warehouse(settings)
    leftover = settings.published / "releases" / ".staged-20200101T000000Z-1"
    leftover.mkdir(parents=True)
    (leftover / "kto.duckdb").write_bytes(b"half")
    link = settings.published / ".current-99"
    link.symlink_to("releases/nowhere")
    stage(settings)
    assert not leftover.exists()
    assert not link.is_symlink()


def test_carries_descriptions_along(settings: Settings):
    make_warehouse(settings, "comment on column marts.mart_kpi.n is 'People who answered; it''s n'")
    staged = stage(settings)
    with duckdb.connect(staged.path / "kto.duckdb", read_only=True) as engine:
        query = (
            "select comment from duckdb_columns() "
            "where schema_name = 'marts' and table_name = ? and column_name = 'n'"
        )
        assert engine.execute(query, ["mart_kpi"]).fetchall() == [("People who answered; it's n",)]


def test_works_in_a_folder_with_blanks_quotes_and_accents(tmp_path: Path):
    settings = settings_in(tmp_path / "KTO 's één")
    make_warehouse(settings)
    assert set(stage(settings).tables) == set(TABLES)


def test_staging_does_not_import_great_expectations(settings: Settings):
    make_warehouse(settings)
    stage(settings)
    if "dagster_project.release.gates" not in sys.modules:
        assert "great_expectations" not in sys.modules


def test_schema_main_has_a_view_of_each_table_under_any_name_of_the_file(settings: Settings):
    make_warehouse(settings)
    staged = stage(settings)
    with duckdb.connect(config={"storage_compatibility_version": "v1.4.0"}) as engine:
        engine.execute(f"attach '{staged.path / 'kto.duckdb'}' as anything (read_only)")
        engine.execute("use anything")
        for table, rows in staged.tables.items():
            if table != "dim_metric":
                assert engine.execute(f"select count(*) from {table}").fetchall() == [(rows,)]


def test_a_join_with_the_metrics_of_schema_main_multiplies_no_row(settings: Settings):
    make_warehouse(settings)
    staged = stage(settings)
    with duckdb.connect(staged.path / "kto.duckdb", read_only=True) as engine:
        joined = engine.execute(
            "select count(*) from mart_kpi left join dim_metric using (study, metric)"
        ).fetchall()
    assert joined == [(staged.tables["mart_kpi"],)]
