"""What lies in landing: which files are deliveries, which are new, which must wait.

Belongs here: folders, names and hashes. Does not belong here: what is inside a file.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from dagster_project.codebook import Codebook, fold
from dagster_project.common.checksums import file_sha256
from dagster_project.common.settings import DEMO_KEY_FILE, MOMENT, Settings
from dagster_project.ingest.file_names import EXTENSIONS, UNFINISHED, open_path
from dagster_project.ingest.forgotten import read_forgotten
from dagster_project.ingest.lake import LAYOUT
from dagster_project.ingest.register import Delivery, read_register
from dagster_project.ingest.values import ZONE

NEW, SEEN, STALE, WAITING = "new", "seen", "stale", "waiting"
CLOSE = 0.75
"""How like a feed a folder's name must be to be taken for it, from 0 to 1."""
Mark = tuple[int, ...]
DATE_IN_NAME = re.compile(r"^(\d{4})(-?)(\d{2})\2(\d{2})(?!\d)")


@dataclass(frozen=True)
class LandedFile:
    """A file in a feed's folder.

    `file` is its path below landing, with slashes, as it may be shown. `state`: `new`, `seen` (in
    the register), `stale` (judged under other codebook rows or by an earlier layout of the lake,
    beyond other limits of reading, not to the end, or its lake files are gone; never if part of it
    was forgotten) or `waiting` (still being written, or new and changed a short while ago; then
    `sha256` is empty). `mark` changes when the file does.
    """

    feed: str
    path: Path
    file: str
    sha256: str
    bytes: int
    received_at: datetime
    state: str
    mark: Mark = ()

    @property
    def is_unchanged(self) -> bool:
        """Whether the file still is the one that was found, with the same bytes.

        The bytes are compared as well: two changes within one tick of the clock have one time.
        """
        try:
            same = mark_of(self.path.stat()) == self.mark
            return same and file_sha256(self.path) == self.sha256
        except OSError:
            return False


@dataclass(frozen=True)
class Scan:
    """Landing at one moment; `ignored` holds paths below landing, as they may be shown, with why.

    `misplaced` are those of them that look like deliveries and lie in no feed's folder, `astray`
    links that lead out of the landing or to themselves.
    """

    deliveries: tuple[LandedFile, ...]
    ignored: tuple[tuple[str, str], ...]
    misplaced: tuple[tuple[str, str], ...] = ()
    astray: tuple[tuple[str, str], ...] = ()

    @property
    def waiting(self) -> tuple[LandedFile, ...]:
        """Pick the files that are still being written."""
        return tuple(landed for landed in self.deliveries if landed.state == WAITING)

    def of(self, feed: str) -> tuple[LandedFile, ...]:
        """Pick the files of one feed."""
        return tuple(landed for landed in self.deliveries if landed.feed == feed)


@dataclass(frozen=True)
class _Ignored(Exception):  # noqa: N818
    why: str
    misplaced: bool = False
    astray: bool = False


@dataclass(frozen=True)
class _Known:
    """Deliveries in the register, and those of which something was forgotten; by feed and hash."""

    register: Mapping[tuple[str, str], Delivery]
    forgotten: Collection[tuple[str, str]]


def scan_landing(
    settings: Settings, codebook: Codebook, feeds: Collection[str] | None = None
) -> Scan:
    """Look at every file in landing, by name order; nothing in there makes it fail.

    With `feeds`, files of other feeds are neither opened nor mentioned. The same bytes twice in a
    feed are one delivery: the first path counts.
    """
    known = _Known(
        {(d.feed, d.sha256): d for d in read_register(settings.lake)},
        read_forgotten(settings.lake).deliveries,
    )
    fingerprints = {feed.feed: codebook.fingerprint_of(feed.feed) for feed in codebook.feeds}
    deliveries: list[LandedFile] = []
    ignored: list[tuple[str, str]] = []
    misplaced: list[tuple[str, str]] = []
    astray: list[tuple[str, str]] = []
    root = os.path.realpath(settings.landing)
    seen: dict[tuple[str, str], str] = {}
    for path, file in _files(settings.landing, ignored):
        if feeds is not None and file.split("/")[0] not in feeds:
            continue
        try:
            _follow_inside_only(path, file, root)
            landed = _landed(path, file, fingerprints, known, settings)
        except _Ignored as reason:
            told = (open_path(file), reason.why)
            ignored.append(told)
            if reason.astray:
                astray.append(told)
            elif reason.misplaced and path.is_file():
                misplaced.append(told)
            continue
        first = seen.setdefault((landed.feed, landed.sha256 or file), file)
        if first == file:
            deliveries.append(landed)
        else:
            ignored.append((open_path(file), same_bytes(open_path(first))))
    return Scan(tuple(deliveries), tuple(sorted(ignored)), tuple(misplaced), tuple(astray))


def scan_after_a_moment(
    settings: Settings, codebook: Codebook, feeds: Collection[str] | None = None
) -> Scan:
    """Scan the landing; in a run that a user started, check first which new files still grow.

    A file that came just before the run is taken in, unless it changes while it is looked at. A run
    that nobody waits for leaves it to the next one.
    """
    scan = scan_landing(settings, codebook, feeds)
    growing = any(one.path.suffix.lower() != UNFINISHED for one in scan.waiting)
    if not growing or settings.quiet_seconds > MOMENT:
        return scan
    time.sleep(settings.quiet_seconds)
    return scan_landing(settings, codebook, feeds)


def received_at(path: Path, modified: float) -> datetime:
    """Take the date at the start of the name, the day's start in Amsterdam; else when modified."""
    if found := DATE_IN_NAME.match(path.name):
        year, _, month, day = found.groups()
        try:
            named = date(int(year), int(month), int(day))
            start = datetime(named.year, named.month, named.day, tzinfo=ZoneInfo(ZONE))
            return start.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    return datetime.fromtimestamp(modified, UTC)


def same_bytes(first: str) -> str:
    """Why a file is passed over when another one that comes before it holds the same bytes."""
    return f"holds the same bytes as {first}"


def _files(landing: Path, ignored: list[tuple[str, str]]) -> Iterator[tuple[Path, str]]:
    """Files below landing, and links to folders, by the order of their paths.

    Folders that cannot be listed are noted. No folder is walked through a link.
    """

    def unreadable(error: OSError) -> None:
        path = Path(os.fsdecode(error.filename or landing))
        ignored.append((open_path(_name(path, landing)), f"cannot be listed: {error.strerror}"))

    found: list[Path] = []
    for folder, folders, names in os.walk(landing, onerror=unreadable, followlinks=False):
        found += [Path(folder, name) for name in names]
        found += [path for name in folders if (path := Path(folder, name)).is_symlink()]
    named = sorted((_name(path, landing), path) for path in found)
    yield from ((path, name) for name, path in named if name != DEMO_KEY_FILE)


def _follow_inside_only(path: Path, file: str, root: str) -> None:
    """Ignore links out of the landing and links to folders (why: see docs/decisions.md).

    `root` is the real path of the landing. A link to a file inside it is as good as the file.
    """
    if not path.is_symlink() or _is_hidden(file):
        return
    try:
        real = os.path.realpath(path, strict=True)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _Ignored("is a link that leads to itself; delete it", astray=True) from None
        real = os.path.realpath(path)
    if not Path(real).is_relative_to(root):
        raise _Ignored(
            "is a link that leads out of the landing and is not followed; put what it leads to in "
            "its place, or delete it",
            astray=True,
        )
    if path.is_dir():
        raise _Ignored("is a link to a folder; its files are taken in where they lie")


def _name(path: Path, landing: Path) -> str:
    """Give the path below landing; bytes that are no UTF-8 are shown as escapes."""
    name = path.relative_to(landing).as_posix() if path.is_relative_to(landing) else str(path)
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _landed(
    path: Path,
    file: str,
    fingerprints: Mapping[str, str],
    known: _Known,
    settings: Settings,
) -> LandedFile:
    feed, shown = _feed(file, fingerprints), open_path(file)
    try:
        before = path.stat()
        if not path.is_file():
            raise _Ignored("is not a file")
        waiting = path.suffix.lower() == UNFINISHED
        sha256 = "" if waiting else file_sha256(path)
        after = path.stat()
    except OSError as error:
        raise _Ignored(f"cannot be read: {error.strerror}") from error
    earlier = known.register.get((feed, sha256))
    recent = earlier is None and 0 <= time.time() - after.st_mtime < settings.quiet_seconds
    if waiting or recent or mark_of(before) != mark_of(after):
        received = received_at(path, after.st_mtime)
        return LandedFile(feed, path, shown, "", after.st_size, received, WAITING)
    received = earlier.received if earlier else received_at(path, after.st_mtime)
    state = _state(earlier, path, fingerprints[feed], settings)
    if (feed, sha256) in known.forgotten:
        if earlier is None:
            raise _Ignored("is forgotten in part and not in the register; put that back")
        state = SEEN
    return LandedFile(feed, path, shown, sha256, after.st_size, received, state, mark_of(after))


def mark_of(status: os.stat_result) -> Mark:
    """Return all that differs after a change, or if another file has taken its place."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _feed(file: str, fingerprints: Mapping[str, str]) -> str:
    parts = Path(file).parts
    if _is_hidden(file):
        raise _Ignored("is hidden or a lock file")
    suffix = Path(file).suffix.lower()
    if len(parts) == 1 or parts[0] not in fingerprints:
        raise _outside(file, fingerprints, looks_like_one=suffix in EXTENSIONS)
    if suffix not in EXTENSIONS | {UNFINISHED}:
        raise _Ignored(f"is not one of {', '.join(sorted(EXTENSIONS))}")
    return parts[0]


def _is_hidden(file: str) -> bool:
    return any(part.startswith((".", "~$")) for part in Path(file).parts)


def _outside(file: str, feeds: Iterable[str], *, looks_like_one: bool) -> _Ignored:
    """Say of a file that is in no feed's folder where it is, and where it may belong."""
    parts = Path(file).parts
    loose = len(parts) == 1
    name = Path(file).stem if loose else parts[0]
    why = (
        "is not in a feed's folder"
        if loose
        else f"folder {open_path(name)} is not a feed of the codebook"
    )
    return _Ignored(why + _did_you_mean(name, feeds) if looks_like_one else why, looks_like_one)


def _did_you_mean(name: str, feeds: Iterable[str]) -> str:
    """Name the feed that looks most like this name, as the end of a sentence; empty for none."""
    by_name = {fold(feed): feed for feed in feeds}
    for word in (fold(name), *re.findall(r"[^\W\d_]+", fold(name))):
        for found in get_close_matches(word, by_name, n=1, cutoff=CLOSE):
            return f"; did you mean {by_name[found]}?"
    return ""


def _state(earlier: Delivery | None, path: Path, fingerprint: str, settings: Settings) -> str:
    if earlier is None:
        return NEW
    if earlier.broke_off or earlier.limits not in {"", str(settings.limits)}:
        return STALE
    if earlier.state == "rejected" and not path.match(f"*{Path(earlier.file).suffix}"):
        return STALE
    whole = all((settings.lake / name).is_file() for name in earlier.files)
    # only rows in quarantine had other columns before
    known = earlier.layout == LAYOUT or not earlier.rows_quarantined
    return SEEN if whole and known and earlier.codebook == fingerprint else STALE
