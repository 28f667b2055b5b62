"""Whether an installation is in order: what `kto doctor` looks at, one line each.

Belongs here: looking, and saying what to do. Does not belong here: mending.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings

PACKAGES = (
    "dagster",
    "dagster-dbt",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "great-expectations",
    "pandas",
    "pandera",
    "polars",
    "pyarrow",
)
ROOM = 2 * 1024**3
"""Bytes that a refresh should find free beside three times the warehouse."""
MB = 1024**2


@dataclass(frozen=True)
class Finding:
    """One line: what was checked, what was found, and whether the user has to act."""

    what: str
    found: str
    good: bool = True


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, each also if something before it is wrong."""
    for what, look in LOOKS.items():
        try:
            yield from (Finding(what, *found) for found in look(settings))
        except UserError as error:
            yield Finding(what, str(error), good=False)
        except OSError as error:
            yield Finding(what, f"cannot be looked at ({error.strerror})", good=False)


Found = Iterator[tuple[str, bool]]


def _versions(_: Settings) -> Found:
    found = [f"Python {sys.version.split()[0]}"]
    missing = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    yield ", ".join(found), True
    if missing:
        yield f"{', '.join(missing)} not installed; run make setup", False


def _folders(settings: Settings) -> Found:
    yield f"home {settings.home}", True
    if settings.landing.is_dir():
        yield f"landing {settings.landing}", True
    else:
        yield f"landing {settings.landing} is not there; make it or set KTO_LANDING", False


def _codebook(settings: Settings) -> Found:
    from dagster_project.codebook import CodebookError, load_codebook  # noqa: PLC0415

    try:
        codebook = load_codebook(*settings.codebook)
    except CodebookError as error:
        yield f"{len(error.problems)} problems; kto codebook check lists them", False
    else:
        own = f", with {settings.own_codebook}" if settings.own_codebook else ""
        yield f"{len(codebook.studies)} studies, {len(codebook.feeds)} feeds{own}", True


def _key(settings: Settings) -> Found:
    from dagster_project.ingest import pseudonym  # noqa: PLC0415

    key = settings.pseudonym_key
    if key is None:
        yield "none is set; a delivery with e-mail addresses will be refused", True
    elif not pseudonym.is_key_of(settings.lake, key):
        yield pseudonym.OTHER_KEY.format(lake=settings.lake), False
    elif len(key) < pseudonym.SHORTEST_KEY:
        shortest = pseudonym.SHORTEST_KEY
        yield f"it is shorter than {shortest} bytes and can be guessed; take a longer", False
    else:
        yield "set", True


def _lock(settings: Settings) -> Found:
    from dagster_project.warehouse.lock import is_at_work  # noqa: PLC0415

    yield "a refresh is at work" if is_at_work(settings) else "no refresh is at work", True


def _room(settings: Settings) -> Found:
    there = next(p for p in (settings.home, *settings.home.parents) if p.is_dir())
    warehouse = settings.warehouse.stat().st_size if settings.warehouse.is_file() else 0
    free, wanted = shutil.disk_usage(there).free, ROOM + 3 * warehouse
    said = f"{free // MB:,} MB free, a refresh may need {wanted // MB:,}"
    yield said if free >= wanted else f"{said}; make room", free >= wanted


def _closed(settings: Settings) -> Found:
    from dagster_project.common.home import PUBLISHED, open_to_others  # noqa: PLC0415

    found = open_to_others(settings.home)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield f"{found[0]}{more} can be read by others; the next refresh closes it", False
    else:
        yield f"only {PUBLISHED} is open to others", True


def _stored(settings: Settings) -> Found:
    from dagster_project.common.replacement import is_unfinished  # noqa: PLC0415
    from dagster_project.ingest.register import check_lake, read_register  # noqa: PLC0415
    from dagster_project.release.intact import damage  # noqa: PLC0415
    from dagster_project.release.vintages import read_index, verify  # noqa: PLC0415

    if is_unfinished(settings.home):
        yield "forgetting was interrupted; the next refresh or kto forget finishes it", False
        return
    check_lake(settings.lake)
    yield f"lake: {len(read_register(settings.lake))} deliveries as they were stored", True
    index = read_index(settings)
    verify(settings, index)
    yield "vintages: as they were published", True
    damaged = damage(settings)
    said = f"{damaged}; the next refresh publishes it anew" if damaged else "release: as published"
    yield said, damaged is None


LOOKS: dict[str, Callable[[Settings], Found]] = {
    "versions": _versions,
    "folders": _folders,
    "codebook": _codebook,
    "key": _key,
    "lock": _lock,
    "room": _room,
    "rights": _closed,
    "stores": _stored,
}


def lines(findings: list[Finding]) -> Iterator[str]:
    """Yield a line per finding, and how many need action."""
    for one in findings:
        yield f"{'ok' if one.good else 'MEND':6}{one.what:10}{one.found}"
    bad = sum(not one.good for one in findings)
    yield f"{bad} of {len(findings)} need action" if bad else "nothing needs action"
