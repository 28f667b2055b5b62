"""A disk that fails where a test wants it, and that notes in which order it was asked for what."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


class KilledError(BaseException):
    """Stands for a signal that leaves a program no time for anything."""


class Disk:
    """Watches what is renamed and what the disk was waited for; lets one of those fail.

    A file or folder is known by its number on the device, which a rename does not change.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.done: list[tuple[str, Any, Any]] = []
        self._fails: tuple[int, Callable[[], BaseException]] | None = None
        self._count = 0
        for name in ("replace", "rename"):
            patch.setattr(os, name, self._moving(getattr(os, name)))
        patch.setattr(os, "fsync", self._waiting(os.fsync))

    def fail(self, at: int, errno: int) -> None:
        """Let the operation of this number, from 0, fail once."""
        self._fails, self._count = (at, lambda: OSError(errno, os.strerror(errno))), 0

    def kill(self, at: int, folder: Path, aside: Path) -> None:
        """Stop the program at this operation; what a folder held then is copied aside.

        The copy has what the program would still clean up after an error, and not after a kill.
        """

        def killed() -> BaseException:
            shutil.copytree(folder, aside)
            return KilledError()

        self._fails, self._count = (at, killed), 0

    def heal(self) -> None:
        """Let nothing fail any more."""
        self._fails = None

    @property
    def has_failed(self) -> bool:
        return self._fails is None

    def too_early(self) -> list[str]:
        """Name each rename that rests on what the disk may not have yet."""
        found, waited_for, unsettled = [], set(), set()
        for what, numbers, target in self.done:
            if what == "wait":
                waited_for |= numbers
                unsettled -= numbers
                continue
            if not numbers <= waited_for:
                found.append(f"{target}: its bytes")
            if unsettled:
                found.append(f"{target}: an earlier rename")
            unsettled.add(self.number(Path(target).parent))
        return found

    def number(self, path: Path) -> tuple[int, int]:
        status = path.stat()
        return status.st_dev, status.st_ino

    def _next(self) -> None:
        at, self._count = self._count, self._count + 1
        if self._fails and self._fails[0] == at:
            fault, self._fails = self._fails[1], None
            raise fault()

    def _moving(self, move: Callable[..., None]) -> Callable[..., None]:
        def moving(source: Path, target: Path, **options: int | None) -> None:
            self._next()
            if not Path(source).is_symlink():
                below = [Path(source), *Path(source).rglob("*")]
                self.done.append(("move", {self.number(path) for path in below}, str(target)))
            move(source, target, **options)

        return moving

    def _waiting(self, wait: Callable[[int], None]) -> Callable[[int], None]:
        def waiting(handle: int) -> None:
            self._next()
            status = os.fstat(handle)
            self.done.append(("wait", {(status.st_dev, status.st_ino)}, ""))
            wait(handle)

        return waiting
