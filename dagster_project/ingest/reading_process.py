"""Deliveries are read in a process of their own, so that no file can stop the others.

A reader that raises, aborts, hangs or asks for too much memory costs the delivery that it reads.
One process reads deliveries one after the other; a new one takes its place when it has ended.

Belongs here: starting and ending that process, asking it, and what is said of a file that it could
not read. Does not belong here: what goes on inside it (`reading_worker`), any file format.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.common.errors import UserError
from dagster_project.common.settings import PROJECT_ROOT, Limits
from dagster_project.ingest.source import Batch, DeliveryRejectedError, Reading, Source

WORKER = "dagster_project.ingest.reading_worker"
SECONDS_TO_START = 120
SMALL = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1"),
    "ARROW_IO_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
}
"""Memory that is only reserved counts as well: a thread's stack, and 1 GB by Arrow's own pool."""
SAVE_ANEW: Mapping[str, str] = {
    ".xlsx": "open it in Excel, delete empty rows and columns beyond the table and save it anew, "
    "or deliver it as CSV",
}
EXPORT_ANEW = "export it anew, as CSV if that fails again"


class BeyondLimitsError(DeliveryRejectedError):
    """A delivery that could not be read under the limits; under others it may be."""


class _GoneError(Exception):
    """The process ended without an answer."""


class _LateError(Exception):
    """There was no answer in time."""


class ReadingProcess:
    """The process that reads; started when it is first needed, ended with this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._ready = False

    def start(self) -> None:
        """Start it, unless it is there; it loads its libraries while this process goes on.

        Raises:
            UserError: the system has no room for one more process.

        """
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        self._pipe, other_end = Pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [*command(), str(other_end.fileno())],
                env=_environment(),
                pass_fds=[other_end.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # what an aborting library prints may quote the file
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise UserError(
                f"no process can be started to read deliveries ({error.strerror}); "
                "end other programs and run again"
            ) from None
        finally:
            other_end.close()
        atexit.register(self.stop)

    def stop(self) -> None:
        """End it at once, if it is there."""
        atexit.unregister(self.stop)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._pipe is not None:
            self._pipe.close()
        self._process, self._pipe, self._ready = None, None, False

    def open(self, path: Path, reading: Reading, limits: Limits) -> Source:
        """Open a delivery with the reader of its extension; one is open at a time.

        Raises:
            DeliveryRejectedError: it cannot be read.
            UserError: there is no process to read it.

        """
        self.start()
        self._wait_until_ready()
        known = {name: [sorted(texts) for texts in both] for name, both in reading.known.items()}
        request = {
            "do": "open",
            # the process keeps the folder in which it was started
            "path": os.fsdecode(path.absolute()),
            "sheet": reading.sheet,
            "required": [sorted(names) for names in reading.required],
            "known": known,
            "memory_mb": limits.memory_mb,
            "seconds": limits.seconds,
        }
        self.send(request)
        answer = self.hear(path, limits, limits.seconds)
        return _OpenElsewhere(self, path, limits, tuple(answer["header"]), answer["advice"])

    def send(self, request: Mapping[str, Any]) -> None:
        """Send a request; if the other process has ended, waiting for the answer shows it."""
        with suppress(OSError):
            self._end().send_bytes(json.dumps(request).encode())

    def hear(self, path: Path, limits: Limits, seconds: float) -> dict[str, Any]:
        """Wait for the answer.

        Raises:
            DeliveryRejectedError: it is that the file cannot be read, or there is none.

        """
        with self._for(path, limits):
            answer = self._receive(seconds)
        if fault := answer.get("fault"):
            # what it left behind is not known, so it reads nothing else
            self.stop()
            if answer["memory"]:
                raise BeyondLimitsError(_broke_off(path, limits, fault))
            raise DeliveryRejectedError(_cannot_be_read(path, fault))
        if rejected := answer.get("rejected"):
            raise DeliveryRejectedError(rejected)
        return answer

    def frame(self, path: Path, limits: Limits, seconds: float) -> pl.DataFrame:
        """Receive the rows that were announced."""
        with self._for(path, limits):
            return pl.read_ipc_stream(self._bytes(seconds))

    @contextmanager
    def _for(self, path: Path, limits: Limits) -> Iterator[None]:
        """Turn an answer that does not come into a rejection of the delivery it was about."""
        try:
            yield
        except _LateError:
            self.stop()
            raise BeyondLimitsError(_too_slow(path, limits)) from None
        except _GoneError:
            ending = self._ending()
            late = ending == signal.SIGALRM.name
            why = _too_slow(path, limits) if late else _broke_off(path, limits, ending)
            raise BeyondLimitsError(why) from None
        except BaseException:
            # an answer that is not waited for must not be taken for that of the next file
            self.stop()
            raise

    def _end(self) -> Connection:
        if self._pipe is None:
            raise BrokenPipeError
        return self._pipe

    def _bytes(self, seconds: float) -> bytes:
        try:
            end = self._end()
            if not end.poll(seconds):
                raise _LateError
            return end.recv_bytes()
        except (EOFError, OSError) as error:
            raise _GoneError from error

    def _receive(self, seconds: float) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._bytes(seconds))
        return answer

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        try:
            self._receive(SECONDS_TO_START)
        except (_LateError, _GoneError):
            raise UserError(
                f"the process that reads deliveries does not start ({self._ending()}); "
                f"`{sys.executable} -c 'import {WORKER}'` shows why"
            ) from None
        self._ready = True

    def _ending(self) -> str:
        """Say how the process ended, and see that it did."""
        code = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=5)
        self.stop()
        if code is None:
            return "no answer"
        with suppress(ValueError):
            return signal.Signals(-code).name
        return f"exit code {code}"


@dataclass(frozen=True)
class _OpenElsewhere:
    """A delivery that the reading process has open."""

    process: ReadingProcess
    path: Path
    limits: Limits
    header: Sequence[str]
    advice: str

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """See `Source`; the next rows are read while these are judged."""
        process, left = self.process, self.limits.seconds
        process.send({"do": "rows", "columns": list(columns)})
        ended = False
        try:
            while True:
                began = time.monotonic()
                ended = not process.hear(self.path, self.limits, left)["more"]
                if ended:
                    return
                frame, malformed = (process.frame(self.path, self.limits, left) for _ in range(2))
                process.send({"do": "next"})
                left = max(left - (time.monotonic() - began), 0)
                yield Batch(frame, malformed)
        except DeliveryRejectedError:
            ended = True
            raise
        finally:
            if not ended:
                # the rows that come next are of no use to the next file
                process.stop()


PROCESS = ReadingProcess()
"""The feeds share one, as starting it takes longer than reading a small file."""


def command() -> list[str]:
    """Give the command of the process, to which the number of its end of the pipe is added."""
    return [sys.executable, "-P", "-m", WORKER]


def _environment() -> dict[str, str]:
    """Leave out the project's own variables: a process that reads files needs no secret."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KTO_")}
    paths = [str(PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, **SMALL, "PYTHONPATH": os.pathsep.join(paths)}


def _what_to_do(path: Path) -> str:
    return SAVE_ANEW.get(path.suffix.lower(), EXPORT_ANEW)


def _too_slow(path: Path, limits: Limits) -> str:
    return (
        f"it was not read within {limits.seconds:g} seconds; {_what_to_do(path)}, or raise "
        "KTO_READ_SECONDS"
    )


def _broke_off(path: Path, limits: Limits, ending: str) -> str:
    return (
        f"reading it broke off ({ending}): it is damaged or takes more than {limits.memory_mb} MB "
        f"of memory; {_what_to_do(path)}, or raise KTO_READ_MEMORY_MB"
    )


def _cannot_be_read(path: Path, fault: str) -> str:
    return (
        f"it cannot be read ({fault}): it is damaged, or written in a way that is not understood; "
        f"{_what_to_do(path)}"
    )
