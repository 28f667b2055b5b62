"""A release as a folder: its manifest, and tables that are what the manifest says they are.

Belongs here: reading. Does not belong here: what figures mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from dagster_project.common.checksums import file_sha256
from dagster_project.common.settings import Settings
from dagster_project.release.manifest import (
    CURRENT,
    MANIFEST_FILE,
    PARQUET_FOLDER,
    Manifest,
    ReleaseError,
    read_manifest,
)


@dataclass(frozen=True)
class Released:
    """A release, or a copy of one."""

    folder: Path
    manifest: Manifest

    def table(self, name: str) -> pl.DataFrame:
        """Read a published table.

        Raises:
            ReleaseError: it is not there, cannot be read, or is not what was published.

        """
        file = self.folder / PARQUET_FOLDER / f"{name}.parquet"
        try:
            if file_sha256(file) != self.manifest.parquet.get(name):
                raise ReleaseError(
                    f"{file} is not what release {self.manifest.release} published: its checksum "
                    "is not that of the manifest; take another copy"
                )
            return pl.read_parquet(file)
        except (OSError, pl.exceptions.PolarsError) as fault:
            first_line = str(fault).partition("\n")[0]
            raise ReleaseError(
                f"{file} cannot be read ({first_line}); copy the release whole"
            ) from fault


def open_release(settings: Settings, folder: Path | None) -> Released:
    """Open a copy of a release in `folder`, or the current one of the home.

    Raises:
        ReleaseError: there is none.

    """
    where = folder or settings.published / CURRENT
    if folder is None and not where.exists():
        raise ReleaseError(
            f"{where} is not there: nothing is published yet; run `kto refresh`, or name another "
            "home with --home or a copy of a release with --release"
        )
    if not (where / MANIFEST_FILE).is_file():
        raise ReleaseError(f"{where} is no release: it has no {MANIFEST_FILE}; copy one whole")
    return Released(where, read_manifest(where))
