"""Checks that what is published is what the gates judged: in between, nothing may have changed.

Belongs here: what a staged release and the figures behind it are at a moment, which gates passed
them. Does not belong here: the gates, the swap (publish). Steps can be run one by one and days
apart: a candidate that failed must not go out for it, nor one whose figures were built anew since,
as others would then be kept than were published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from dagster_project.common.checksums import file_sha256
from dagster_project.common.durable import replacing
from dagster_project.common.settings import Settings
from dagster_project.release.export import StagedRelease
from dagster_project.release.manifest import ReleaseError
from dagster_project.release.prepare import PERIODS_FILE, RUN_FILE
from dagster_project.release.vintages import INDEX_FILE


@dataclass(frozen=True)
class Seal:
    """What a staged release is: `files` are all it would publish, `figures` what it rests on."""

    release: str
    files: str
    figures: str


def seal_of(settings: Settings, staged: StagedRelease) -> Seal:
    """Read every file of a staged release, and the figures that would be kept.

    Raises:
        ReleaseError: a file, the pattern or the warehouse cannot be read.

    """
    try:
        files = hashlib.sha256()
        for file in sorted(path for path in staged.path.rglob("*") if path.is_file()):
            files.update(f"{file.relative_to(staged.path)} {file_sha256(file)}\n".encode())
        figures = hashlib.sha256()
        for file in _beside(settings):
            figures.update(f"{file.name} {file_sha256(file)}\n".encode())
    except OSError as fault:
        first_line = str(fault).partition("\n")[0]
        raise ReleaseError(
            f"What release {staged.id} rests on cannot be read: {first_line}; run `kto refresh`"
        ) from fault
    return Seal(staged.id, files.hexdigest(), figures.hexdigest())


def _beside(settings: Settings) -> list[Path]:
    """List the files that a release rests on: warehouse, pattern, states, index.

    Only dbt writes the warehouse, and each step of a release comes after the last of dbt's; so its
    bytes change when figures are built anew, and not otherwise.
    """
    files = [
        settings.warehouse,
        settings.pattern,
        settings.states / PERIODS_FILE,
        settings.states / RUN_FILE,
        settings.vintages / INDEX_FILE,
    ]
    return [file for file in files if file.name != INDEX_FILE or file.is_file()]


def forget(settings: Settings, check: str) -> None:
    """Drop what a gate let pass before; to be done before it judges again."""
    settings.passed(check).unlink(missing_ok=True)


def let_pass(settings: Settings, check: str, seal: Seal) -> None:
    """Note that what has this seal passed a gate."""
    with replacing(settings.passed(check)) as temporary:
        temporary.write_text(json.dumps(asdict(seal), indent=2) + "\n", encoding="utf-8")


def require(settings: Settings, checks: Iterable[str], seal: Seal) -> None:
    """Refuse what has not passed every one of the gates, as it is now.

    Raises:
        ReleaseError: a gate did not let it pass, or something changed since.

    """
    lacking = [check for check in checks if _passed(settings, check) != seal]
    if lacking:
        raise ReleaseError(
            f"Release {seal.release} has not passed {' and '.join(lacking)} as it is now; "
            "materialize release_candidate again, with its checks, or run `kto refresh`"
        )


def _passed(settings: Settings, check: str) -> Seal | None:
    try:
        return Seal(**json.loads(settings.passed(check).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
