"""What counts as a delivery, and when it came."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.ingest import scan as scanning
from dagster_project.ingest import scan_landing
from dagster_project.ingest.scan import received_at

CONTENT = csv_of([GOOD])


def states(house: House) -> dict[str, str]:
    scan = scan_landing(house.settings, house.codebook)
    return {landed.file: landed.state for landed in scan.deliveries}


def ignored(house: House) -> dict[str, str]:
    return dict(scan_landing(house.settings, house.codebook).ignored)


def test_files_in_a_feeds_folder_at_any_depth_are_deliveries(house: House):
    house.land("counter/a.CSV", CONTENT)
    house.land("counter/2021/Q1/met spatie é.xlsx", b"b")
    house.land("digital/a.csv", CONTENT)

    assert states(house) == {
        "counter/2021/Q1/met spatie é.xlsx": "new",
        "counter/a.CSV": "new",
        "digital/a.csv": "new",
    }


def test_everything_else_is_ignored_and_says_why(house: House):
    house.land("loose.csv", CONTENT)
    house.land("demo.key", "public")
    house.land("unknown_feed/a.csv", CONTENT)
    house.land("counter/notes.txt", "x")
    house.land("counter/.hidden.csv", CONTENT)
    house.land("counter/~$open.xlsx", "x")
    (house.settings.landing / "counter" / "dangling.csv").symlink_to("nowhere")
    (house.settings.landing / "counter" / "folder.csv").mkdir()

    assert states(house) == {}
    assert ignored(house) == {
        "loose.csv": "is not in a feed's folder",
        "unknown_feed/a.csv": "folder unknown_feed is not a feed of the codebook",
        "counter/notes.txt": "is not one of .csv, .parquet, .sav, .xlsx",
        "counter/.hidden.csv": "is hidden or a lock file",
        "counter/~$open.xlsx": "is hidden or a lock file",
        "counter/dangling.csv": "cannot be read: No such file or directory",
    }


def test_a_pipe_and_a_folder_that_leads_to_itself_do_not_hold_it_up(house: House):
    house.land("counter/a.csv", CONTENT)
    os.mkfifo(house.settings.landing / "counter" / "pipe.csv")
    (house.settings.landing / "counter" / "again").symlink_to(house.settings.landing / "counter")

    assert list(states(house).values()) == ["new"]
    assert "is not a file" in ignored(house).values()


def test_a_name_that_is_no_text_does_not_hold_it_up(house: House):
    (house.settings.landing / "counter").mkdir()
    Path(os.fsdecode(bytes(house.settings.landing) + b"/counter/caf\xe9.csv")).write_text(CONTENT)

    assert house.ingest().deliveries[0].file == "counter/caf\\xe9.csv"
    assert len(house.rows("responses")) == 1


def test_no_landing_is_an_empty_landing(house: House):
    house.settings.landing.rmdir()

    assert states(house) == {}


def test_unfinished_files_wait(house: House, monkeypatch: pytest.MonkeyPatch):
    house.land("counter/a.csv.part", CONTENT)
    growing = house.land("counter/b.csv", CONTENT)

    def grows(_: Path) -> str:
        with growing.open("a") as file:
            file.write("more")
        return "hash"

    monkeypatch.setattr(scanning, "file_sha256", grows)

    assert states(house) == {"counter/a.csv.part": "waiting", "counter/b.csv": "waiting"}
    assert house.ingest().deliveries == ()


def test_the_same_bytes_are_one_delivery_under_its_first_name(house: House):
    house.land("counter/b.csv", CONTENT)
    house.land("counter/a.csv", CONTENT)

    result = house.ingest()

    assert [delivery.file for delivery in result.deliveries] == ["counter/a.csv"]
    assert ignored(house) == {"counter/b.csv": "holds the same bytes as counter/a.csv"}
    assert len(house.rows("responses")) == 1


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("20230115 balie.csv", datetime(2023, 1, 14, 23, tzinfo=UTC)),
        ("2023-07-15.csv", datetime(2023, 7, 14, 22, tzinfo=UTC)),
        ("2023-07-15T10.csv", datetime(2023, 7, 14, 22, tzinfo=UTC)),
        ("202301150.csv", datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        ("20231315.csv", datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        ("balie 20230115.csv", datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
    ],
)
def test_a_delivery_came_on_the_day_in_its_name_or_when_it_was_modified(
    name: str, moment: datetime
):
    assert received_at(Path(name), 1_000_000_000) == moment


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("loose.csv", "is not in a feed's folder"),
        ("Counter 2021Q1.xlsx", "is not in a feed's folder; did you mean counter?"),
        ("counters/a.csv", "folder counters is not a feed of the codebook; did you mean counter?"),
        ("Digital/a.SAV", "folder Digital is not a feed of the codebook; did you mean digital?"),
        ("balie/2021/a.parquet", "folder balie is not a feed of the codebook"),
    ],
)
def test_a_delivery_in_no_feeds_folder_is_misplaced(house: House, file: str, why: str):
    house.land(file, CONTENT)

    scan = scan_landing(house.settings, house.codebook)
    assert scan.misplaced == ((file, why),)
    assert scan.ignored == scan.misplaced
    assert scan.deliveries == ()


def test_what_is_no_delivery_is_not_misplaced(house: House):
    house.land("read me.txt", "x")
    house.land("archive/counter.zip", "x")
    house.land("counters/.a.csv", CONTENT)
    house.land("counters/a.csv.part", CONTENT)
    house.land("counter/notes.txt", "x")
    (house.settings.landing / "dangling.csv").symlink_to("nowhere")

    assert scan_landing(house.settings, house.codebook).misplaced == ()


def test_files_that_wait_are_named(house: House):
    house.land("counter/a.csv.part", CONTENT)
    house.land("counter/b.csv", CONTENT)

    scan = scan_landing(house.settings, house.codebook)
    assert [landed.file for landed in scan.waiting] == ["counter/a.csv.part"]
