"""What is built once for a whole run of the tests, by the process that needs it first.

Who uses it only reads it: the next test may be in another process.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock


@dataclass(frozen=True)
class BuiltOnce:
    """A folder that all processes of a run share."""

    folder: Path

    def __call__(self, name: str, build: Callable[[Path], object]) -> Path:
        """Return the folder of this name, filled by `build`, here or in another process."""
        made, done = self.folder / name, self.folder / f"{name}.done"
        with FileLock(self.folder / f"{name}.lock"):
            if not done.exists():
                # what a test that broke off has left
                shutil.rmtree(made, ignore_errors=True)
                made.mkdir()
                build(made)
                done.touch()
        return made
