"""A copy of the project with a codebook and a home of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.warehouse import dbt_manifest


def install(folder: Path) -> Settings:
    """Copy the project, parsed already: parsing takes longer than most of what is tested."""
    dbt_manifest(Settings(root=PROJECT_ROOT, landing=folder, home=folder / "parsing"))
    root = folder / "project"
    root.mkdir()
    for part in ("seeds", "dbt_project"):
        shutil.copytree(
            PROJECT_ROOT / part,
            root / part,
            ignore=shutil.ignore_patterns("compiled", "run", "logs"),
        )
    shutil.copy(PROJECT_ROOT / "dagster.yaml", root)
    (folder / "landing").mkdir()
    return installed_in(folder)


def installed_in(folder: Path) -> Settings:
    """Return the settings of what was installed in a folder."""
    return Settings(
        root=folder / "project",
        landing=folder / "landing",
        home=folder / "home",
        pseudonym_key=b"a key of the tests",
        factsheets=False,
    )


def copied(settings: Settings, folder: Path) -> Settings:
    """Copy an installation with its landing and its home into a folder."""
    for name in ("project", "landing", "home"):
        shutil.copytree(settings.root.parent / name, folder / name, symlinks=True)
    return installed_in(folder)
