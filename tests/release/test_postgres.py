"""A release in PostgreSQL: the same rows, replaced in one step, read by one role."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import psycopg
import pytest
from postgres_server import INITDB, LACKING, server
from small_release import make_warehouse, settings_in, stage

from dagster_project.release.export import StagedRelease
from dagster_project.release.manifest import ReleaseError
from dagster_project.release.postgres import copy_release

pytestmark = pytest.mark.skipif(INITDB is None, reason=LACKING)


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    with server() as dsn:
        yield dsn


@pytest.fixture
def dsn(running: str) -> str:
    """An empty database."""
    with psycopg.connect(running, autocommit=True) as connection:
        connection.execute("drop database if exists kto with (force)")
        connection.execute("create database kto")
    return running.replace("dbname=postgres", "dbname=kto")


def staged(folder: Path, *changes: str) -> StagedRelease:
    settings = settings_in(folder)
    make_warehouse(settings, *changes)
    return stage(settings)


def rows_of(dsn: str, table: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(f"select * from {table}").fetchall()


def test_holds_every_row_as_it_was_released(dsn: str, tmp_path: Path) -> None:
    release = staged(tmp_path, "update marts.dim_organisation set name = '' where true")
    assert copy_release(dsn, release.path)
    for table in release.tables:
        wanted = pl.read_parquet(release.path / "parquet" / f"{table}.parquet").rows()
        found = rows_of(dsn, f"marts.{table}")
        assert sorted(map(repr, found)) == sorted(map(repr, wanted)), table
    assert rows_of(dsn, "marts.kto_release")[0][0] == release.id


def test_copies_a_release_once(dsn: str, tmp_path: Path) -> None:
    release = staged(tmp_path)
    assert copy_release(dsn, release.path)
    assert not copy_release(dsn, release.path)


def test_readers_see_one_release_or_the_other(dsn: str, tmp_path: Path) -> None:
    first = staged(tmp_path / "first")
    second = staged(tmp_path / "second", "delete from marts.mart_kpi where n is null")
    copy_release(dsn, first.path)
    rows = {one.id: one.tables["mart_kpi"] for one in (first, second)}
    assert len(set(rows.values())) == 2
    wrong, reads, stop = [], [0], threading.Event()

    def read() -> None:
        query = (
            "select (select release from marts.kto_release), (select count(*) from marts.mart_kpi)"
        )
        with psycopg.connect(dsn, autocommit=True) as connection:
            while not stop.is_set():
                ((release, count),) = connection.execute(query).fetchall()
                reads[0] += 1
                if rows[release] != count:
                    wrong.append((release, count))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for release in (second, first) * 5:
            assert copy_release(dsn, release.path)
    finally:
        stop.set()
        reader.join()
    assert wrong == []
    assert reads[0] > 10


def test_a_table_with_other_columns_is_made_anew_and_an_old_one_is_dropped(
    dsn: str, tmp_path: Path
) -> None:
    copy_release(dsn, staged(tmp_path / "first").path)
    with psycopg.connect(dsn) as connection:
        connection.execute("alter table marts.mart_kpi drop column margin cascade")
        connection.execute("create table marts.mart_left_over (n integer)")
        connection.execute("delete from marts.kto_release")
    release = staged(tmp_path / "second")
    copy_release(dsn, release.path)
    assert len(rows_of(dsn, "marts.mart_kpi")) == release.tables["mart_kpi"]
    with pytest.raises(psycopg.errors.UndefinedTable):
        rows_of(dsn, "marts.mart_left_over")


def test_the_role_of_bi_tools_reads_and_writes_nothing(dsn: str, tmp_path: Path) -> None:
    release = staged(tmp_path)
    copy_release(dsn, release.path)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set role kto_bi")
        for schema in ("marts", "bi"):
            ((count,),) = connection.execute(f"select count(*) from {schema}.mart_kpi").fetchall()
            assert count == release.tables["mart_kpi"]
        for statement in ("delete from marts.mart_kpi", "create table marts.mine (n integer)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_fault_half_way_leaves_everything_as_it_was(dsn: str, tmp_path: Path) -> None:
    first = staged(tmp_path / "first")
    copy_release(dsn, first.path)
    second = staged(tmp_path / "second", "delete from marts.mart_kpi where n is null")
    (second.path / "parquet" / "mart_kpi.parquet").write_bytes(b"no Parquet")
    with pytest.raises(ReleaseError, match="not in PostgreSQL, which is unchanged"):
        copy_release(dsn, second.path)
    assert rows_of(dsn, "marts.kto_release")[0][0] == first.id
    assert len(rows_of(dsn, "marts.mart_kpi")) == first.tables["mart_kpi"]


def test_a_server_that_is_not_there_is_said_in_one_line_without_the_password(
    tmp_path: Path,
) -> None:
    release = staged(tmp_path)
    with pytest.raises(ReleaseError, match="run `kto refresh` again") as refused:
        copy_release(f"host={tmp_path} user=kto password=secret dbname=kto", release.path)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("schema", ["marts", "bi"])
def test_a_schema_that_somebody_else_made_is_refused_and_left_alone(
    dsn: str, tmp_path: Path, schema: str
) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(f"create schema {schema}")
        connection.execute(f"create table {schema}.of_somebody_else (n integer)")
    with pytest.raises(ReleaseError, match=f"has a schema {schema} that was not made by this"):
        copy_release(dsn, staged(tmp_path).path)
    assert rows_of(dsn, f"{schema}.of_somebody_else") == []


def test_an_open_reader_of_a_view_keeps_nobody_waiting(dsn: str, tmp_path: Path) -> None:
    first = staged(tmp_path / "first")
    second = staged(tmp_path / "second", "delete from marts.mart_kpi where n is null")
    copy_release(dsn, first.path)
    count = "select count(*) from bi.mart_kpi"
    with psycopg.connect(dsn) as reader:
        reader.execute("set transaction isolation level repeatable read")
        assert reader.execute(count).fetchall() == [(first.tables["mart_kpi"],)]
        # would time out if it had to wait for that transaction
        assert copy_release(dsn, second.path)
        assert reader.execute(count).fetchall() == [(first.tables["mart_kpi"],)]
    assert rows_of(dsn, "bi.mart_kpi") == rows_of(dsn, "marts.mart_kpi")
    assert len(rows_of(dsn, "bi.mart_kpi")) == second.tables["mart_kpi"]
