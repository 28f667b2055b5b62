"""A damaged warehouse is told from one that is in use, wherever the damage is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.common.settings import Settings
from dagster_project.warehouse import read_warehouse
from dagster_project.warehouse.damage import (
    DamagedWarehouseError,
    damage_told,
    discard_if_damaged,
    discard_orphaned_log,
)

HEADERS = 3 * 4096
HOLDS = "import duckdb, sys; one = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse of one table."""
    found = Settings(root=tmp_path, landing=tmp_path / "landing", home=tmp_path / "home")
    found.home.mkdir()
    with duckdb.connect(found.warehouse) as engine:
        engine.execute("create table cells as select i, 'cell ' || i from range(20000) as r (i)")
    return found


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 255
    path.write_bytes(content)


@pytest.mark.parametrize("place", [0, 8, 12, 100, 4096, 4104, 8192, 8200, HEADERS, 200_000, -1])
def test_a_flipped_byte_is_damage(settings: Settings, place: int) -> None:
    flip(settings.warehouse, place)
    assert discard_if_damaged(settings)
    assert not settings.warehouse.exists()


@pytest.mark.parametrize("length", [0, 1, 4096, HEADERS, 200_000])
def test_a_truncated_file_is_damage(settings: Settings, length: int) -> None:
    settings.warehouse.write_bytes(settings.warehouse.read_bytes()[:length])
    assert discard_if_damaged(settings)


def test_a_sound_warehouse_stays(settings: Settings) -> None:
    assert not discard_if_damaged(settings)
    with pytest.raises(duckdb.CatalogException), damage_told(settings):
        duckdb.sql("from nothing")
    assert settings.warehouse.exists()


@pytest.fixture
def elsewhere(settings: Settings) -> Iterator[None]:
    """Another process has the warehouse open."""
    command = [sys.executable, "-c", HOLDS, str(settings.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        yield
        holder.communicate(b"\n")


@pytest.mark.usefixtures("elsewhere")
def test_a_warehouse_that_another_process_holds_stays(settings: Settings) -> None:
    assert not discard_if_damaged(settings)
    with pytest.raises(duckdb.IOException, match="Could not set lock"), read_warehouse(settings):
        pass
    assert settings.warehouse.exists()


def test_a_warehouse_that_this_process_holds_stays(settings: Settings) -> None:
    with duckdb.connect(settings.warehouse):
        assert not discard_if_damaged(settings)
    assert settings.warehouse.exists()


def test_a_reader_that_meets_damage_says_what_to_do(settings: Settings) -> None:
    flip(settings.warehouse, -1)
    with (
        pytest.raises(DamagedWarehouseError, match=r"warehouse\.duckdb was damaged .* run again"),
        read_warehouse(settings) as warehouse,
    ):
        warehouse.execute("select sum(hash(one)) from cells as one").fetchall()
    assert not settings.warehouse.exists()


def test_the_log_goes_with_its_warehouse(settings: Settings) -> None:
    log = settings.warehouse.with_name("warehouse.duckdb.wal")
    log.write_bytes(b"of a killed run")
    discard_orphaned_log(settings)
    assert log.exists()
    settings.warehouse.unlink()
    discard_orphaned_log(settings)
    assert not log.exists()
