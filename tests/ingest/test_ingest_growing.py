"""A file that is still growing waits; what is taken in is what its hash says."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.common.settings import Settings
from dagster_project.ingest import deliver, read_register, scan_after_a_moment, scan_landing
from dagster_project.release.holds import holds_of
from dagster_project.release.states import STATES

CONTENT = csv_of([GOOD])
MORE = ";".join(GOOD.values()).replace("1;", "2;", 1) + "\n"


def states(house: House) -> dict[str, str]:
    scan = scan_landing(house.settings, house.codebook)
    return {landed.file: landed.state for landed in scan.deliveries}


def age(path: Path, seconds: float) -> None:
    """Let the last change be so long ago."""
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_new_file_waits_until_it_was_quiet_for_a_while(house: House):
    house.settings = dataclasses.replace(house.settings, quiet_seconds=60)
    path = house.land("counter/a.csv", CONTENT)
    assert states(house) == {"counter/a.csv": "waiting"}
    assert house.ingest().deliveries == ()

    age(path, 59)
    assert states(house) == {"counter/a.csv": "waiting"}

    age(path, 61)
    assert states(house) == {"counter/a.csv": "new"}
    assert [one.state for one in house.ingest().deliveries] == ["accepted"]


def test_bytes_that_were_taken_in_and_times_to_come_do_not_wait(house: House):
    house.deliver(CONTENT, "counter/a.csv")
    house.settings = dataclasses.replace(house.settings, quiet_seconds=60)
    house.land("counter/a.csv", CONTENT)
    age(house.land("counter/b.csv", CONTENT + MORE), -3600)

    assert states(house) == {"counter/a.csv": "seen", "counter/b.csv": "new"}


def test_a_run_that_somebody_asked_for_takes_in_what_just_came_and_leaves_what_grows(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    settings = dataclasses.replace(house.settings, quiet_seconds=60).at_once()
    whole = house.land("counter/a.csv", CONTENT)
    growing = house.land("counter/b.csv", CONTENT + MORE)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        age(whole, seconds)
        age(growing, -seconds)
        growing.write_text(CONTENT + MORE + MORE)

    monkeypatch.setattr(time, "sleep", sleep)
    scan = scan_after_a_moment(settings, house.codebook)

    assert {landed.file: landed.state for landed in scan.deliveries} == {
        "counter/a.csv": "new",
        "counter/b.csv": "waiting",
    }
    assert slept == [1]


def test_no_run_waits_for_a_part_or_for_the_whole_quiet_period(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(time, "sleep", pytest.fail)
    house.land("counter/a.csv.part", CONTENT)
    settings = dataclasses.replace(house.settings, quiet_seconds=60)
    scan_after_a_moment(settings.at_once(), house.codebook)

    house.land("counter/b.csv", CONTENT)
    scan = scan_after_a_moment(settings, house.codebook)

    assert [landed.state for landed in scan.deliveries] == ["waiting", "waiting"]


def grows(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(MORE)


def is_replaced_by_one_of_the_same_size_and_time(path: Path) -> None:
    status = path.stat()
    other = path.with_suffix(".part")
    other.write_text(path.read_text().replace("paspoort", "rijbewij"))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("header", [CONTENT, "no;header;of;ours\n1;2;3;4\n"])
@pytest.mark.parametrize("changes", [grows, is_replaced_by_one_of_the_same_size_and_time])
def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_run(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    changes: Callable[[Path], None],
    header: str,
):
    house.land("counter/20210104.csv", csv_of([GOOD | {"respons_id": "good"}]))
    path = house.land("counter/20210105.csv", header)
    match = deliver.match_header

    def change_and_match(*arguments: object) -> deliver.Layout:
        if landed_now(house) == {"counter/20210104.csv"}:
            changes(path)
        return match(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "match_header", change_and_match)
        result = house.ingest()

    assert result.left == ("counter/20210105.csv",)
    assert [(one.file, one.state) for one in result.deliveries] == [
        ("counter/20210104.csv", "accepted")
    ]
    assert result.new == (result.deliveries[0].sha256,)
    assert [row["response_id"] for row in house.rows("responses")] == ["good"]
    assert not list(house.settings.lake.rglob("*.tmp"))
    held = holds_of(house.settings, house.codebook, STATES.to_frame())
    assert held["why"].to_list() == [
        "counter/20210105.csv came, or changed, while this run was at work; run again"
    ]

    (later,) = (one for one in house.ingest().deliveries if one.file == "counter/20210105.csv")
    assert later.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (later.state == "accepted") == (header == CONTENT and changes is grows)


def landed_now(house: House) -> set[str]:
    """Files in the register: the one that is read now is the next."""
    return {delivery.file for delivery in read_register(house.settings.lake)}


def test_the_quiet_period_comes_from_the_environment():
    assert Settings.from_env(env={}).quiet_seconds == 60
    assert Settings.from_env(env={}).at_once().quiet_seconds == 1
    assert Settings.from_env(env={"KTO_QUIET_SECONDS": "0"}).at_once().quiet_seconds == 0
    with pytest.raises(ValueError, match="KTO_QUIET_SECONDS is '-1'; give a whole number, 0 or"):
        Settings.from_env(env={"KTO_QUIET_SECONDS": "-1"})
