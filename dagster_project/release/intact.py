"""Whether what readers are given still is what was published.

Belongs here: noting the checksums of a release outside of it, comparing. Does not belong here:
publishing anew, which is what a run does with a release that is damaged (publish).

Nothing rests on the bytes of a release: later ones are made from the lake and the vintages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from dagster_project.common.checksums import file_sha256, with_checksum, without_checksum
from dagster_project.common.durable import replacing
from dagster_project.common.settings import Settings
from dagster_project.release.manifest import (
    CURRENT,
    PARQUET_FOLDER,
    Manifest,
    ReleaseError,
    read_manifest,
)

NOTE = "released.json"


def note_release(settings: Settings, release: str, folder: Path) -> None:
    """Note the checksum of every file of a release that is about to be shown."""
    files = {
        path.relative_to(folder).as_posix(): file_sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    content = with_checksum({"release": release, "files": files})
    with replacing(settings.internal / NOTE) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def damage(settings: Settings) -> str | None:
    """Name a file of the current release that differs from what was published; None if none.

    Without a note of that release, of an earlier version say, the manifest tells of the Parquet
    files.
    """
    link = settings.published / CURRENT
    if not link.is_symlink():
        return None
    try:
        manifest = read_manifest(link)
    except ReleaseError:
        return f"{link.resolve() / 'manifest.json'} is damaged or missing"
    for name, digest in _noted(settings, link.resolve().name, manifest).items():
        path = link.resolve() / name
        if not path.is_file() or file_sha256(path) != digest:
            return f"{path} is {'damaged' if path.exists() else 'missing'}"
    return None


def _noted(settings: Settings, release: str, manifest: Manifest) -> Mapping[str, str]:
    try:
        text = (settings.internal / NOTE).read_text(encoding="utf-8")
        note = without_checksum(json.loads(text))
        if note["release"] == release:
            return dict(note["files"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # there is none, or it is damaged itself: the manifest tells most of it
    return {
        f"{PARQUET_FOLDER}/{table}.parquet": digest for table, digest in manifest.parquet.items()
    }
