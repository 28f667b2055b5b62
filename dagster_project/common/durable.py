"""Files that survive a kill or a power failure at any moment: complete, or as they were before.

Belongs here: waiting for the disk, replacing one file. Does not belong here: what is written, in
which order; several files that change together (replacement).

A rename that a later one rests on is on the disk only after its folder is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY = ".tmp"
"""End of the name of a file that is being written, and that a killed run may leave."""


def settle(path: Path) -> None:
    """Wait until a file's bytes, or a folder's entries, are on the disk.

    Raises:
        OSError: the disk cannot take them.

    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def settle_all(folder: Path) -> None:
    """Wait for all files and folders below a folder, and for itself."""
    for path in [*folder.rglob("*"), folder]:
        settle(path)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a temporary path to write to, which becomes `target` unless an error comes in between.

    Raises:
        OSError: the disk cannot take it; `target` is unchanged.

    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + TEMPORARY)
    try:
        yield temporary
        settle(temporary)
        os.replace(temporary, target)  # noqa: PTH105
        settle(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
