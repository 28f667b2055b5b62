"""Replace many files of a home as one: a kill at any moment leaves all old, or all new.

Belongs here: drafts, the list of what goes where, carrying it out. Does not belong here: what the
files hold.

New files are written to a folder of their own. Once its list stands there, the replacement is
decided: the next run on the home carries out what is left of it. Before that, nothing has changed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from dagster_project.common.checksums import with_checksum, without_checksum
from dagster_project.common.durable import replacing, settle
from dagster_project.common.errors import UserError

FOLDER = "forgetting"
LIST = "list.json"


class Replacement:
    """Files that are about to be replaced; they are once `decide` has returned."""

    def __init__(self, home: Path) -> None:
        self._home, self._folder = home, home / FOLDER
        self._targets: list[Path] = []
        shutil.rmtree(self._folder, ignore_errors=True)

    def draft(self, target: Path) -> Path:
        """Where to write what will stand at `target`."""
        self._folder.mkdir(exist_ok=True)
        self._targets.append(target)
        return self._folder / str(len(self._targets) - 1)

    def write(self, target: Path, text: str) -> None:
        """Write a text that will stand at `target`."""
        self.draft(target).write_text(text, encoding="utf-8")

    def decide(self, gone: Iterable[Path] = ()) -> None:
        """Write the list, and carry it out; what is in `gone` is removed.

        Raises:
            OSError: there is no room, or no right; the next run goes on from there.

        """
        self._folder.mkdir(exist_ok=True)
        for number in range(len(self._targets)):
            settle(self._folder / str(number))
        content = {
            "targets": [path.relative_to(self._home).as_posix() for path in self._targets],
            "gone": [path.relative_to(self._home).as_posix() for path in gone],
        }
        with replacing(self._folder / LIST) as temporary:
            temporary.write_text(json.dumps(with_checksum(content)), encoding="utf-8")
        finish(self._home)


def finish(home: Path) -> bool:
    """Carry out what a killed run decided; the caller holds the home's lock.

    Returns:
        Whether there was anything to carry out.

    Raises:
        UserError: the list is damaged.

    """
    folder = home / FOLDER
    if not folder.is_dir():
        return False
    if not (folder / LIST).is_file():
        shutil.rmtree(folder)
        return False
    try:
        content = without_checksum(json.loads((folder / LIST).read_text(encoding="utf-8")))
        targets, gone = content["targets"], content["gone"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UserError(
            f"{folder / LIST} is damaged ({type(fault).__name__}); put the home back from a backup "
            "and forget again"
        ) from fault
    for number, name in enumerate(targets):
        draft = folder / str(number)
        if draft.is_file():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft, home / name)  # noqa: PTH105
    for name in gone:
        _remove(home / name)
    # the list goes once all that it names is on the disk
    for parent in {(home / name).parent for name in (*targets, *gone)}:
        if parent.is_dir():
            settle(parent)
    (folder / LIST).unlink()
    shutil.rmtree(folder)
    return True


def is_unfinished(home: Path) -> bool:
    """Whether a run was killed in between, so that some files are old and some are new."""
    return (home / FOLDER / LIST).is_file()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
