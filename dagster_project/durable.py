"""What must be on the disk before something else says that it is there: power may go at any moment.

Belongs here: waiting for the disk. Does not belong here: what is written, in which order.

A rename that a later one rests on is on the disk only after its folder is.
"""

from __future__ import annotations

import os
from pathlib import Path


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
