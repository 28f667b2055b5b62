"""The dbt manifest that Dagster's graph is made from, parsed anew when its sources changed.

Dagster's own `prepare_if_dev` does so only under `dagster dev`; a graph must not depend on who
loads it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from dagster_project.home import open_to_readers
from dagster_project.settings import Settings
from dagster_project.warehouse.dbt import invoke

MANIFEST = "manifest.json"
MADE_BY_DBT = frozenset({"target", "logs", "dbt_packages", ".user.yml"})

_parsed: dict[Path, tuple[int, Any]] = {}
"""By home: when the manifest was written, and dbt's parsed form of it."""


def dbt_manifest(settings: Settings) -> Path:
    """Return the path of a manifest that is newer than everything it was parsed from.

    Raises:
        DbtError: the project cannot be parsed.

    """
    manifest = _shared(settings) / MANIFEST
    if _is_fresh(manifest, settings):
        return manifest
    # users with homes of their own may share one project
    with open_to_readers():
        _parse_anew(manifest, settings)
    return manifest


def _shared(settings: Settings) -> Path:
    """Return the folder of what is parsed: dbt, called by somebody, writes in the one above it."""
    return settings.dbt_project / "target" / "pipeline"


def _parse_anew(manifest: Path, settings: Settings) -> None:
    scratch = manifest.parent / "parsing"
    scratch.mkdir(parents=True, exist_ok=True)
    with FileLock(manifest.parent / ".lock"):
        if not _is_fresh(manifest, settings):
            project = invoke(settings, scratch, ["parse"])
            # in one step, as others may read it now: dbt writes it in pieces
            (scratch / MANIFEST).replace(manifest)
            _parsed[settings.home] = (manifest.stat().st_mtime_ns, project)


def parsed_project(settings: Settings) -> Any:  # noqa: ANN401
    """Return dbt's parsed manifest, parsing once in this process for all commands of a run.

    Raises:
        DbtError: the project cannot be parsed.

    """
    version = dbt_manifest(settings).stat().st_mtime_ns
    if _parsed.get(settings.home, (0, None))[0] != version:
        _parsed[settings.home] = (version, _parse_for_home(settings))
    return _parsed[settings.home][1]


def _parse_for_home(settings: Settings) -> Any:  # noqa: ANN401
    target = settings.home / "dbt"
    target.mkdir(parents=True, exist_ok=True)
    state = _shared(settings) / "parsing" / "partial_parse.msgpack"
    if state.is_file() and not (target / state.name).exists():
        shutil.copyfile(state, target / state.name)
    return invoke(settings, target, ["parse"])


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
