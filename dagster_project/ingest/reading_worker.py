"""The process that reads deliveries for another one: see `reading_process`.

Requests and answers are JSON, rows are Arrow. Belongs here: keeping to the limits, answering, and
which reader an extension has. Does not belong here: any file format, judging; nothing heavy is
imported, so that it starts fast.
"""

from __future__ import annotations

import io
import json
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.ingest.source import (
    Batch,
    DeliveryRejectedError,
    Reading,
    Source,
)

MB = 1024**2
NO_ROWS: Iterator[Batch] = iter(())


@dataclass
class Worker:
    """One end of the pipe, and the delivery that is open."""

    pipe: Connection
    seconds: float = 0
    source: Source | None = None
    batches: Iterator[Batch] = field(default=NO_ROWS)

    def serve(self) -> None:
        """Answer until the other process closes the pipe, or an answer reports a fault."""
        self.pipe.send_bytes(b"{}")
        while True:
            try:
                request = json.loads(self.pipe.recv_bytes())
            except EOFError:
                return
            try:
                answer, frames = self._answer(request)
            except DeliveryRejectedError as rejection:
                answer, frames = _rejected(rejection), ()
            except BaseException as error:  # a library may raise what is no Exception
                answer, frames = _fault(error), ()
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.pipe.send_bytes(json.dumps(answer).encode())
            for frame in frames:
                self.pipe.send_bytes(frame)
            if "fault" in answer:
                return

    def _answer(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[bytes, ...]]:
        if request["do"] == "open":
            self.source, self.batches = None, NO_ROWS
            self.seconds = request["seconds"]
            _limit_memory(request["memory_mb"])
        # should the other process be gone, nobody else ends a reader that hangs
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        if request["do"] == "open":
            self.source = open_source(Path(request["path"]), _reading(request))
            return {"header": list(self.source.header), "advice": self.source.advice}, ()
        if request["do"] == "rows" and self.source is not None:
            self.batches = iter(self.source.batches(request["columns"]))
        batch = next(self.batches, None)
        if batch is None:
            return {"more": False}, ()
        return {"more": True}, (_arrow(batch.frame), _arrow(batch.malformed))


def main() -> None:
    """Serve the pipe whose number is the first argument."""
    load_readers()
    for ends in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # they come to the whole group; the other process decides, and hangs up
        signal.signal(ends, signal.SIG_IGN)
    # a core would hold the file
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # should the machine run out of memory, this is the process to give up
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with suppress(OSError):
        Worker(Connection(int(sys.argv[1]))).serve()


def open_source(path: Path, reading: Reading) -> Source:
    """Open a delivery with the reader of its extension.

    Raises:
        DeliveryRejectedError: the file is not what its name says, or has no header.

    """
    try:
        source = _readers()[path.suffix.lower()](path, reading)
    except OSError as error:
        raise DeliveryRejectedError(f"the file cannot be read: {error.strerror}") from error
    if not any(name.strip() for name in source.header):
        raise DeliveryRejectedError("row 1 is empty; a row must hold the column names")
    return source


def load_readers() -> None:
    """Load all readers but that of SPSS, which is slow to load and seldom needed."""
    _readers()


def _readers() -> Mapping[str, Callable[[Path, Reading], Source]]:
    from dagster_project.ingest.read_csv import open_csv  # noqa: PLC0415
    from dagster_project.ingest.read_parquet import open_parquet  # noqa: PLC0415
    from dagster_project.ingest.read_xlsx import open_xlsx  # noqa: PLC0415

    def open_sav(path: Path, reading: Reading) -> Source:
        from dagster_project.ingest import read_sav  # noqa: PLC0415

        return read_sav.open_sav(path, reading)

    return {".csv": open_csv, ".xlsx": open_xlsx, ".parquet": open_parquet, ".sav": open_sav}


def _reading(request: Mapping[str, Any]) -> Reading:
    known = {
        name: (frozenset(answers), frozenset(no_answers))
        for name, (answers, no_answers) in request["known"].items()
    }
    required = tuple(frozenset(names) for names in request["required"])
    return Reading(request["sheet"], required, known)


def _limit_memory(memory_mb: int) -> None:
    """Allow this much on top of what is in use, so that each delivery has the same.

    By RLIMIT_DATA, not RLIMIT_AS: see docs/decisions.md.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _data_in_use() + memory_mb * MB
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data_in_use() -> int:
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        return pages * resource.getpagesize()
    return 0


def _arrow(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    return buffer.getvalue()


def _rejected(rejection: DeliveryRejectedError) -> dict[str, Any]:
    """Pass its line on, unless the reader took a lack of memory for a damaged file."""
    cause = rejection.__cause__ or rejection.__context__
    return _fault(cause) if isinstance(cause, MemoryError) else {"rejected": str(rejection)}


def _fault(error: BaseException) -> dict[str, Any]:
    """Name the kind of error only: its words may quote the file."""
    return {"fault": type(error).__name__, "memory": isinstance(error, MemoryError)}


if __name__ == "__main__":
    main()
