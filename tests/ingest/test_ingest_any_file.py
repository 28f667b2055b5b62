"""No file can stop the feeds: whatever reading it does costs that delivery only."""

from __future__ import annotations

import dataclasses
import io
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.common.errors import UserError
from dagster_project.common.settings import PROJECT_ROOT, Limits
from dagster_project.ingest import Delivery, Reason, reading_process, scan_landing
from dagster_project.ingest.parse import parse
from dagster_project.ingest.plan import Plan
from dagster_project.ingest.reading_process import PROCESS
from dagster_project.ingest.schema import Must

SMALL = Limits(memory_mb=256, seconds=60)
ANEW = (
    "open it in Excel, delete empty rows and columns beyond the table and save it anew, "
    "or deliver it as CSV"
)
EXPORT = "export it anew, as CSV if that fails again"
ODD_READERS = """
import os, signal, sys
from dagster_project.ingest import reading_worker, source
from dagster_project.ingest.read_csv import open_csv

class Panic(BaseException):
    pass

def fail(what):
    if what == "raises":
        raise KeyError("jan@voorbeeld.nl")
    if what == "panics":
        raise Panic("jan@voorbeeld.nl")
    if what == "has no memory":
        raise MemoryError("jan@voorbeeld.nl")
    if what == "takes it for damage":
        try:
            raise MemoryError
        except MemoryError as error:
            raise source.DeliveryRejectedError("the file is damaged") from error
    if what == "aborts":
        os.abort()
    if what == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "leaves":
        sys.exit(3)
    if what == "hangs":
        if THERE:
            open(THERE[0], "w").close()
        while True:
            pass
    if what == "eats memory":
        eaten = []
        while True:
            eaten.append(bytearray(1024 * 1024))

class Later:
    def __init__(self, real, what):
        self.header, self.advice = real.header, real.advice
        self.real, self.what = real, what
    def batches(self, columns):
        yield from self.real.batches(columns)
        fail(self.what)

def odd(path, reading):
    _, _, what = path.stem.partition(" ")
    if what.startswith("later "):
        return Later(open_csv(path, reading), what.removeprefix("later "))
    fail(what)
    return open_csv(path, reading)

reading_worker._readers = lambda: {".csv": odd}
*THERE, pipe = sys.argv[1:]
sys.argv[1:] = [pipe]
reading_worker.main()
"""


@pytest.fixture
def odd_readers(monkeypatch: pytest.MonkeyPatch):
    """Read CSV as the file's name says: `20210105 hangs.csv`, `20210105 later aborts.csv`."""
    PROCESS.stop()
    monkeypatch.setattr(reading_process, "command", lambda: [sys.executable, "-c", ODD_READERS])
    yield
    PROCESS.stop()


def among_good_files(house: House, name: str, content: bytes | str) -> Delivery:
    """Judge the file with one before and one after it, which must both be accepted."""
    for number in (4, 6):
        rows = [GOOD | {"respons_id": f"{number}"}, GOOD | {"respons_id": f"{number}b"}]
        house.land(f"counter/2021010{number} good.csv", csv_of(rows))
    house.land(f"counter/{name}", content)

    found = {delivery.file: delivery for delivery in house.ingest().deliveries}

    bad = found.pop(f"counter/{name}")
    assert [(one.state, one.rows_accepted) for one in found.values()] == [("accepted", 2)] * 2
    both = [*found.values(), bad]
    read = sum(one.rows_read for one in both)
    assert read == sum(one.rows_accepted + one.rows_quarantined for one in both) == 4
    assert sorted(row["response_id"] for row in house.rows("responses")) == ["4", "4b", "6", "6b"]
    return bad


def workbook(*cells: tuple[int, int]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(GOOD))
    book.active.append(list(GOOD.values()))
    for row, column in cells:
        book.active.cell(row, column, "x")
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_other_names(content: bytes) -> bytes:
    """Write the entries of a zip file as some programs for Windows do."""
    renamed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(renamed, "w") as new:
        for member in old.infolist():
            new.writestr(member.filename.replace("xl/workbook", "XL/Workbook"), old.read(member))
    return renamed.getvalue()


def test_a_workbook_with_a_cell_in_the_far_corner_is_rejected(house: House):
    bad = among_good_files(house, "20210105.xlsx", workbook((1_048_576, 16_384)))

    assert (bad.state, bad.limits) == ("rejected", "2048 MB, 300 s")
    assert bad.reason == (
        "reading it broke off (SIGABRT): it is damaged or takes more than 2048 MB of memory; "
        f"{ANEW}, or raise KTO_READ_MEMORY_MB"
    )


def test_a_workbook_with_odd_zip_entries_is_rejected(house: House):
    bad = among_good_files(house, "20210105.xlsx", with_other_names(workbook()))

    assert (bad.state, bad.limits) == ("rejected", "")
    assert bad.reason == (
        "it cannot be read (KeyError): it is damaged, or written in a way that is not understood; "
        f"{ANEW}"
    )


@pytest.mark.parametrize("later", ["", "later "])
@pytest.mark.parametrize(
    ("what", "ending"),
    [
        ("aborts", "SIGABRT"),
        ("is killed", "SIGKILL"),
        ("eats memory", "MemoryError"),
        ("has no memory", "MemoryError"),
        ("takes it for damage", "MemoryError"),
    ],
)
@pytest.mark.usefixtures("odd_readers")
def test_a_reader_that_breaks_off_costs_its_delivery_only(
    house: House, later: str, what: str, ending: str
):
    house.settings = dataclasses.replace(house.settings, limits=SMALL)

    bad = among_good_files(house, f"20210105 {later}{what}.csv", csv_of([GOOD]))

    assert (bad.state, bad.rows_read, bad.limits) == ("rejected", 0, "256 MB, 60 s")
    assert bad.reason == (
        f"reading it broke off ({ending}): it is damaged or takes more than 256 MB of memory; "
        f"{EXPORT}, or raise KTO_READ_MEMORY_MB"
    )


@pytest.mark.parametrize("later", ["", "later "])
@pytest.mark.parametrize(
    ("what", "kind"), [("raises", "KeyError"), ("panics", "Panic"), ("leaves", "SystemExit")]
)
@pytest.mark.usefixtures("odd_readers")
def test_a_reader_that_raises_costs_its_delivery_only_and_its_words_are_not_told(
    house: House, later: str, what: str, kind: str
):
    bad = among_good_files(house, f"20210105 {later}{what}.csv", csv_of([GOOD]))

    assert (bad.state, bad.rows_read, bad.limits) == ("rejected", 0, "")
    assert bad.reason == (
        f"it cannot be read ({kind}): it is damaged, or written in a way that is not understood; "
        f"{EXPORT}"
    )


@pytest.mark.parametrize("later", ["", "later "])
@pytest.mark.usefixtures("odd_readers")
def test_a_reader_that_hangs_costs_its_delivery_only(house: House, later: str):
    house.settings = dataclasses.replace(house.settings, limits=Limits(seconds=2))

    bad = among_good_files(house, f"20210105 {later}hangs.csv", csv_of([GOOD]))

    assert (bad.state, bad.rows_read, bad.limits) == ("rejected", 0, "2048 MB, 2 s")
    assert bad.reason == (f"it was not read within 2 seconds; {EXPORT}, or raise KTO_READ_SECONDS")


@pytest.mark.parametrize("kind", [KeyError, MemoryError, pl.exceptions.PanicException])
def test_judging_that_breaks_off_costs_its_delivery_only_and_is_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
):
    def odd(frame: pl.DataFrame, plan: Plan) -> pl.DataFrame:
        if "odd" in frame["respons_id"]:
            raise kind("jan@voorbeeld.nl")
        return parse(frame, plan)

    with monkeypatch.context() as patch:
        patch.setattr("dagster_project.ingest.passes.parse", odd)
        bad = among_good_files(house, "20210105.csv", csv_of([GOOD | {"respons_id": "odd"}]))

    assert (bad.state, bad.rows_read, bad.files) == ("rejected", 0, {})
    assert bad.reason == (
        f"judging its rows broke off ({kind.__name__}), which is a fault of this program; report "
        "it, and deliver the file without the rows that are out of the ordinary"
    )
    assert list(house.settings.lake.rglob("*.tmp")) == []

    again = house.ingest()

    assert again.new == (bad.sha256,)
    assert [delivery.state for delivery in again.deliveries] == ["accepted"] * 3
    assert house.ingest().new == ()


def test_a_check_that_breaks_off_lets_no_row_through(house: House, monkeypatch: pytest.MonkeyPatch):
    broken = Must(Reason.BAD_TYPE, pl.col("totaaloordeel").cast(pl.Int64) > 0, "is odd")
    monkeypatch.setattr("dagster_project.ingest.schema._number", lambda _: [broken])

    bad = among_good_files(house, "20210105.csv", csv_of([GOOD | {"totaaloordeel": "acht"}]))

    assert (bad.state, bad.rows_read, bad.broke_off) == ("rejected", 0, True)
    assert "acht" not in str(bad.reason)


@pytest.mark.usefixtures("odd_readers")
def test_what_was_refused_at_a_limit_is_read_again_under_another(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    house.settings = dataclasses.replace(house.settings, limits=SMALL)
    house.deliver(csv_of([GOOD]), "counter/20210105 aborts.csv")
    assert [one.state for one in scan_landing(house.settings, house.codebook).deliveries] == [
        "seen"
    ]

    house.settings = dataclasses.replace(house.settings, limits=Limits())
    monkeypatch.undo()
    PROCESS.stop()

    assert [one.state for one in house.ingest().deliveries] == ["accepted"]


@pytest.fixture
def others() -> set[psutil.Process]:
    """Readers that other tests have left in this process."""
    PROCESS.stop()
    return set(readers_of(psutil.Process()))


def test_one_process_reads_all_files(house: House, others: set[psutil.Process]):
    house.deliver(csv_of([GOOD]))
    (first,) = set(readers_of(psutil.Process())) - others

    house.deliver(workbook(), "counter/20210106.xlsx")
    house.deliver("", "counter/20210107.csv")

    assert set(readers_of(psutil.Process())) - others == {first}


def test_a_reader_that_somebody_ended_between_two_files_is_replaced(
    house: House, others: set[psutil.Process]
):
    house.deliver(csv_of([GOOD]))
    (reader,) = set(readers_of(psutil.Process())) - others
    reader.kill()
    reader.wait()

    assert house.deliver(csv_of([GOOD | {"respons_id": "2"}]), "counter/b.csv").state == "accepted"


def test_the_reader_has_no_secret_and_is_light(
    house: House, others: set[psutil.Process], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KTO_PSEUDONYM_KEY", "a secret of the tests")
    house.deliver(csv_of([GOOD]))

    (reader,) = set(readers_of(psutil.Process())) - others
    assert not [name for name in reader.environ() if name.startswith("KTO_")]
    PROCESS.stop()

    heavy = "{'dagster', 'dbt', 'duckdb', 'great_expectations', 'pandas', 'pandera', 'pydantic'}"
    program = (
        "import sys; from dagster_project.ingest import reading_worker as worker;"
        f"worker.load_readers(); print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_a_reader_that_does_not_start_is_no_fault_of_the_file(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    PROCESS.stop()
    monkeypatch.setattr(reading_process, "command", lambda: [sys.executable, "-c", "import no"])

    with pytest.raises(UserError, match=r"does not start \(exit code 1\).* shows why"):
        house.deliver(csv_of([GOOD]))

    assert house.rows("deliveries") == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_the_reader_ends_with_the_run(house: House, tmp_path: Path, ending: signal.Signals):
    house.land("counter/20210105 hangs.csv", csv_of([GOOD]))
    there = tmp_path / "there"
    os.mkfifo(there)
    limits = Limits(seconds=1 if ending is signal.SIGKILL else 300)
    program = f"""
import sys
from pathlib import Path
from datetime import UTC, datetime
from dagster_project.codebook import load_codebook
from dagster_project.ingest import ingest_feed, reading_process
from dagster_project.common.progress import silent
from dagster_project.common.settings import Limits, PROJECT_ROOT, Settings

reading_process.command = lambda: [sys.executable, "-c", {ODD_READERS!r}, {str(there)!r}]
settings = Settings(PROJECT_ROOT, Path({str(house.settings.landing)!r}),
    Path({str(house.settings.home)!r}), b"a secret of the tests", limits={limits!r})
ingest_feed(settings, load_codebook(*settings.codebook), "counter", silent, datetime.now(UTC))
"""
    run = subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT_ROOT, stderr=subprocess.DEVNULL
    )
    there.read_bytes()
    (reader,) = readers_of(psutil.Process(run.pid))

    run.send_signal(ending)

    run.wait(timeout=60)
    reader.wait(timeout=60)
    assert not (house.settings.lake / "deliveries" / "counter").exists()


def readers_of(process: psutil.Process) -> list[psutil.Process]:
    return process.children()


def test_a_parquet_file_with_bytes_that_are_no_text_is_refused(house: House):
    table = pa.table({name: [value] * 3 for name, value in GOOD.items()})
    ids = [b"r1", b"\xff\xfe", b"r3"]
    table = table.set_column(0, "respons_id", pa.array(ids, pa.binary()).view(pa.string()))
    content = io.BytesIO()
    pq.write_table(table, content)

    delivery = house.deliver(content.getvalue(), "counter/20210105.parquet")

    assert delivery.state == "rejected"
    assert delivery.reason == "the file is not Parquet, or not all of it is there"
    assert not delivery.broke_off
