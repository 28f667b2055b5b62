"""Whether a run would find anything to do: what the last one rested on, and what one would say now.

Belongs here: remembering it, and seeing that nothing has changed since. Does not belong here:
running, wording.

This looks at names, sizes and times of files and imports nothing heavy, so that a run with nothing
new answers at once. No program can set the time at which a file last changed in any way (its
`ctime`), so a file that replaced another shows, with any date. What a disk loses by
itself does not show: therefore nothing is remembered beyond the day, and the first run of each day
compares checksums.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from dagster_project.common.durable import replacing
from dagster_project.common.quarters import today
from dagster_project.common.settings import Settings

NOTE = "settled.json"
NOT_OF_A_RUN = frozenset({"dagster", ".refresh.lock", ".warehouse.lock"})
"""What is in a home beside what runs read and make: Dagster's own storage, and locks."""
MADE = frozenset({"__pycache__", "target", "logs", ".user.yml"})
"""What programs write in the project's folders."""


def mark_of_input(settings: Settings) -> str:
    """Return what changes with anything in the landing, and with the day."""
    return _digest([str(today()), *_entries(settings.landing)])


def mark_of(settings: Settings, given: str) -> str:
    """Return what changes with anything that a run rests on: input, home, project and settings.

    Args:
        settings: the installation.
        given: its `mark_of_input`.

    """
    apart = {settings.internal / NOTE, settings.landing}
    sources = (Path(__file__).parents[1], settings.dbt_project, *settings.codebook)
    installed = Path(click.__file__).parents[1].stat().st_mtime_ns
    return _digest(
        [
            sys.version,
            str(installed),
            # how long to wait for files says nothing once all have come
            repr(replace(settings, quiet_seconds=0)),
            settings.postgres or "",
            given,
            *_entries(settings.home, NOT_OF_A_RUN, apart),
            *(entry for folder in sources for entry in _entries(folder, MADE)),
        ]
    )


def remember(settings: Settings, mark: str, lines: Sequence[str]) -> None:
    """Keep what a run would say as long as its mark is the same."""
    text = json.dumps({"mark": mark, "lines": list(lines)}, ensure_ascii=False)
    with replacing(settings.internal / NOTE) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def said_of(settings: Settings) -> list[str] | None:
    """Return what a run would say; None if it may find something to do."""
    try:
        note = json.loads((settings.internal / NOTE).read_text(encoding="utf-8"))
        if note["mark"] == mark_of(settings, mark_of_input(settings)):
            return [str(line) for line in note["lines"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing was remembered, or something is odd: a run will tell
    return None


def _entries(
    folder: Path, but: Collection[str] = (), apart: Collection[Path] = ()
) -> Iterator[str]:
    """Yield a text for each file and folder below a folder, by name; links are not followed.

    Leaves out entries that are called like one of `but`, and the paths `apart`. What cannot be
    looked at shows as such.
    """
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield f"{folder}\0{error.errno}"
        return
    for entry in entries:
        if entry.name in but or Path(entry.path) in apart:
            continue
        try:
            info = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield f"{entry.path}\0{error.errno}"
            continue
        if stat.S_ISDIR(info.st_mode):
            yield f"{entry.path}\0{info.st_mode}"
            yield from _entries(Path(entry.path), but, apart)
        else:
            told = (info.st_mode, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
            yield "\0".join([entry.path, *map(str, told)])


def _digest(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(os.fsencode(text) + b"\0\n")
    return digest.hexdigest()
