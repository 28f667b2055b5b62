"""The ledger on disk: one folder per release, written once, whole or not at all.

Belongs here: names, checksums, the order of versions, writing a version so that a crash leaves
either all or nothing of it. Does not belong here: what the tables in it mean (ledger.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

LIST = "version.json"
RELEASED = "released"
UNFINISHED = ".unfinished-"
DIGITS = 6


@dataclass(frozen=True)
class Version:
    """One release in the ledger; `files` has the SHA-256 of each file by its path in `folder`."""

    number: int
    release: str
    folder: Path
    files: Mapping[str, str]

    def table(self, name: str, schema: pa.Schema) -> pa.Table:
        """Read one of its tables as the columns and types of `schema`.

        Raises:
            ValueError: the file is missing, damaged or has other columns.

        """
        path = self.file(name)
        try:
            return pq.read_table(path, partitioning=None).select(schema.names).cast(schema)
        except (KeyError, pa.ArrowException) as fault:
            said = str(fault).partition("\n")[0]
            raise ValueError(f"{path} is not a table of the ledger ({said})") from None

    def file(self, name: str) -> Path:
        """Name the file of one of its tables, checked.

        Raises:
            ValueError: the file is missing or damaged.

        """
        return self._checked(f"{name}.parquet")

    def released(self) -> list[Path]:
        """Name the tables as they were published, sorted; each is checked.

        Raises:
            ValueError: a file is missing or damaged.

        """
        return [self._checked(name) for name in sorted(self.files) if name.startswith(RELEASED)]

    def _checked(self, name: str) -> Path:
        path = self.folder / name
        try:
            found = _sha256(path)
        except OSError as fault:
            raise ValueError(_unreadable(path, fault)) from None
        if found != self.files.get(name):
            raise ValueError(f"{path} is damaged: its content changed; restore it from a backup")
        return path


def versions(ledger: Path) -> list[Version]:
    """List the versions of a ledger in order; none when there is no ledger yet.

    Raises:
        ValueError: a version is missing, or its list of files cannot be read.

    """
    found = [_version(path) for path in ledger.glob("[0-9]*") if path.is_dir()]
    found.sort(key=lambda version: version.number)
    for expected, version in enumerate(found, start=1):
        if version.number != expected:
            raise ValueError(
                f"{ledger} lacks version {expected}; restore it from a backup, or disclosure "
                "control does not know what was released"
            )
    return found


def write_version(
    ledger: Path,
    number: int,
    release: str,
    tables: Mapping[str, pa.Table],
    released: Iterable[Path],
) -> Version:
    """Write `<number>-<release>`: tables as Parquet, and the released files as they are.

    Released files are linked where the file system can, else copied. What an interrupted write left
    behind is removed; only one process may write, as the caller's lock makes sure.

    Raises:
        OSError: the disk or its rights do not allow it; the ledger is as it was.

    """
    ledger.mkdir(parents=True, exist_ok=True)
    for leftover in ledger.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover)
    name = f"{number:0{DIGITS}}-{release}"
    unfinished = ledger / f"{UNFINISHED}{name}"
    (unfinished / RELEASED).mkdir(parents=True)
    for table, content in tables.items():
        pq.write_table(content, unfinished / f"{table}.parquet", compression="zstd")
    for path in released:
        _link(path, unfinished / RELEASED / path.name)
    files = {
        path.relative_to(unfinished).as_posix(): _sha256(path)
        for path in sorted(unfinished.rglob("*.parquet"))
    }
    text = json.dumps({"version": number, "release": release, "files": files}, indent=2)
    (unfinished / LIST).write_text(text + "\n", encoding="utf-8")
    for path in (*unfinished.rglob("*"), unfinished):
        _to_disk(path)
    finished = ledger / name
    unfinished.rename(finished)
    _to_disk(ledger)
    return Version(number, release, finished, files)


def _version(folder: Path) -> Version:
    path = folder / LIST
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        version = Version(
            int(fields["version"]), str(fields["release"]), folder, dict(fields["files"])
        )
    except OSError as fault:
        raise ValueError(_unreadable(path, fault)) from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged; restore it from a backup") from None
    if folder.name != f"{version.number:0{DIGITS}}-{version.release}":
        raise ValueError(f"{path} is of another version; restore {folder.name} from a backup")
    return version


def _unreadable(path: Path, fault: OSError) -> str:
    return f"{path} cannot be read ({fault.strerror}); restore it from a backup"


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
