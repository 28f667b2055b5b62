"""The dbt manifest that Dagster's graph is made from, parsed anew when its sources changed.

Dagster's own `prepare_if_dev` does so only under `dagster dev`; a graph must not depend on who
loads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from dagster_project.settings import Settings
from dagster_project.warehouse.dbt import parse_dbt

MADE_BY_DBT = frozenset({"target", "logs", "dbt_packages", ".user.yml"})


def dbt_manifest(settings: Settings) -> Path:
    """Return the path of a manifest that is newer than everything it was parsed from.

    Raises:
        DbtError: the project cannot be parsed.

    """
    target = settings.dbt_project / "target"
    manifest = target / "manifest.json"
    if _is_fresh(manifest, settings):
        return manifest
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / ".manifest.lock"):
        if not _is_fresh(manifest, settings):
            # dbt keeps the old file when nothing in it changed, which would look stale for ever.
            manifest.unlink(missing_ok=True)
            parse_dbt(settings, target)
    return manifest


def blocking_tests(manifest: Path) -> tuple[str, ...]:
    """Names of the dbt tests that stop a run when they fail."""
    nodes = json.loads(manifest.read_bytes())["nodes"].values()
    return tuple(
        sorted(
            node["name"]
            for node in nodes
            if node["resource_type"] == "test"
            and str(node["config"].get("severity", "error")).lower() == "error"
        )
    )


def _is_fresh(manifest: Path, settings: Settings) -> bool:
    if not manifest.is_file():
        return False
    made = manifest.stat().st_mtime_ns
    return all(path.stat().st_mtime_ns < made for path in _sources(settings))


def _sources(settings: Settings) -> Iterator[Path]:
    """Yield files, and folders too: a deleted file shows in its folder's time only."""
    yield from settings.seeds.glob("*.csv")
    for path in settings.dbt_project.iterdir():
        if path.name in MADE_BY_DBT:
            continue
        yield path
        if path.is_dir():
            yield from path.rglob("*")
