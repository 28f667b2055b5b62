"""What a release says about itself, and where releases live.

Belongs here: the manifest, file names, reading the current release. Does not belong here: writing
tables or moving the link. A manifest holds hashes of deliveries and rows of published tables, never
a count of answers or a file name: those would be about people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from dataclasses import fields as fields_of
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dagster_project.common.errors import UserError
from dagster_project.common.home import RELEASES
from dagster_project.common.quarters import AMSTERDAM
from dagster_project.common.settings import Settings

SCHEMA = "marts"
DATABASE_FILE = "kto.duckdb"
MANIFEST_FILE = "manifest.json"
SEMANTIC_FILE = "semantic.yml"
PARQUET_FOLDER = "parquet"
CURRENT = "current"
STAGED_PREFIX = ".staged-"


class ReleaseError(UserError):
    """A release that could not be staged, read or published; says what to do."""


Told = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Story:
    """Which periods a release changes; each entry has study, organisation_code, period.

    `periods_new` are published for the first time; `periods_revised` have the `reason` as
    well, `released_as_they_were` the reason for which something that was known to be wrong was
    passed over. `withdrawn` has `periods` instead of one, `by` (who stated that nobody outside had
    them), `reason` and `on` (the day).
    """

    periods_new: Told = ()
    periods_revised: Told = ()
    released_as_they_were: Told = ()
    withdrawn: Told = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was published, revised or withdrawn."""
        return not any(getattr(self, one) for one in STORY)


STORY = tuple(one.name for one in fields_of(Story))


@dataclass(frozen=True)
class Manifest:
    """What a release contains.

    `time` is ISO 8601 in UTC; `deliveries` are SHA-256 of delivered files, sorted; `tables` gives
    the rows of each published table and `parquet` the SHA-256 of its Parquet file; `checks` are the
    names of the checks that passed. `story` says which periods are new and why others changed.
    """

    release: str
    time: str
    software: str
    deliveries: tuple[str, ...]
    tables: Mapping[str, int]
    parquet: Mapping[str, str]
    checks: tuple[str, ...]
    story: Story = field(default_factory=Story)

    @property
    def day(self) -> date:
        """The day of the release in the Netherlands."""
        return datetime.fromisoformat(self.time).astimezone(AMSTERDAM).date()

    def write(self, folder: Path) -> None:
        """Write `manifest.json` into a folder that is still being prepared."""
        fields = asdict(self)
        fields |= fields.pop("story")
        text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
        (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a staged or published release.

    Raises:
        ReleaseError: it is missing or not a manifest.

    """
    path = folder / MANIFEST_FILE
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            release=fields["release"],
            time=fields["time"],
            software=fields["software"],
            deliveries=tuple(fields["deliveries"]),
            tables=dict(fields["tables"]),
            parquet=dict(fields["parquet"]),
            checks=tuple(fields["checks"]),
            story=Story(**{one: tuple(fields[one]) for one in STORY}),
        )
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise ReleaseError(
            f"{path} cannot be read ({fault}); run `kto refresh` to publish a new release"
        ) from fault


def current_release(settings: Settings) -> Manifest | None:
    """Manifest of the release that `current` points at; None before the first one.

    Raises:
        ReleaseError: `current` points at something that is no release.

    """
    link = settings.published / CURRENT
    return read_manifest(link) if link.is_symlink() or link.exists() else None


def releases_folder(settings: Settings) -> Path:
    """Folder that holds every release, and those being staged."""
    return settings.published / RELEASES


def software_version() -> str:
    """Name and version of this software, as written into manifests."""
    try:
        return f"kto-pipeline {version('kto-pipeline')}"
    except PackageNotFoundError:
        return "kto-pipeline (not installed)"
