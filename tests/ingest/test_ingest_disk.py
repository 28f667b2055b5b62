"""A disk that fails, or loses its power, in the midst of taking deliveries in."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import Any

import pytest
from failing_disk import Disk
from landing_house import GOOD, House, csv_of

from dagster_project.common.errors import UserError
from dagster_project.ingest import check_lake

ROWS = [GOOD | {"respons_id": str(number), "opmerking": "keurig"} for number in range(5)]
BAD = GOOD | {"respons_id": "bad", "totaaloordeel": "11"}


def land(house: House) -> None:
    """One delivery of six rows, of which one is bad."""
    house.land("counter/20210106.csv", csv_of([*ROWS, BAD]))


def mended(house: House) -> dict[str, Any]:
    """Run again; all that the lake says then: rows by room, and what became of each delivery."""
    check_lake(house.settings.lake)
    told = {d.file: (d.state, d.rows_read, d.rows_accepted) for d in house.ingest().deliveries}
    return {room: house.rows(room) for room in ("responses", "quarantine")} | told


def test_nothing_is_said_to_be_there_before_the_disk_has_it(house: House, disk: Disk) -> None:
    land(house)
    house.ingest()
    moved = [target for what, _, target in disk.done if what == "move"]
    rooms = ["responses", "quarantine", "deliveries"]
    assert [sum(f"/{room}/counter/" in target for target in moved) for room in rooms] == [1, 1, 1]
    assert disk.too_early() == []


@pytest.mark.parametrize("fault", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_disk_that_fails_at_any_operation_leaves_a_sound_lake_and_a_rerun_mends_it(
    house: House, disk: Disk, fault: int
) -> None:
    land(house)
    tried = 0
    while True:
        disk.fail(tried, fault)
        with suppress(UserError, OSError):
            house.ingest()
        if not disk.has_failed:
            break
        tried += 1
        found = mended(house)
        assert len(found["responses"]) == 5
        assert len(found["quarantine"]) == 1
        assert found["counter/20210106.csv"] == ("accepted", 6, 5)
        for path in house.settings.lake.rglob("*/counter/*"):
            path.unlink()
    # each file is waited for, moved, and its folder waited for
    assert tried >= 3 * 3
