"""The dbt manifest that Dagster's graph is made from, parsed anew when its sources changed.

Dagster's own `prepare_if_dev` does so only under `dagster dev`; a graph must not depend on who
loads it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from dagster_project.common.home import open_to_readers
from dagster_project.common.settings import Settings
from dagster_project.common.sql_text import read_from
from dagster_project.warehouse.dbt import invoke

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import SourceDefinition

MANIFEST = "manifest.json"
PARSED = "partial_parse.msgpack"
ANY_HOME = Path("/any-home")
"""Stands in what is parsed for the home, so that one parsing serves every home."""
MADE_BY_DBT = frozenset({"target", "logs", "dbt_packages", ".user.yml"})

_parsed: dict[Path, tuple[int, Manifest]] = {}
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
    """Return the folder of what these versions of dbt parsed.

    dbt writes in the folder `target` itself when a user runs it.
    """
    versions = "-".join(version(name) for name in ("dbt-core", "dbt-duckdb"))
    return settings.dbt_project / "target" / "pipeline" / versions


def _parse_anew(manifest: Path, settings: Settings) -> None:
    scratch = manifest.parent / "parsing"
    scratch.mkdir(parents=True, exist_ok=True)
    with FileLock(manifest.parent / ".lock"):
        if not _is_fresh(manifest, settings):
            (scratch / MANIFEST).unlink(missing_ok=True)
            invoke(replace(settings, home=ANY_HOME), scratch, ["parse"])
            # each in one step, as others may read them now, and dbt writes them in pieces; the
            # manifest last, since its time says that both are new
            fresh = scratch / f"{PARSED}.fresh"
            shutil.copyfile(scratch / PARSED, fresh)
            fresh.replace(manifest.parent / PARSED)
            (scratch / MANIFEST).replace(manifest)


def parsed_project(settings: Settings) -> Manifest:
    """Return dbt's parsed manifest for this home, loaded once in this process.

    Raises:
        DbtError: the project cannot be parsed.

    """
    manifest = dbt_manifest(settings)
    made = manifest.stat().st_mtime_ns
    if _parsed.get(settings.home, (0, None))[0] != made:
        _parsed[settings.home] = (made, _for_home(manifest.with_name(PARSED), settings.home))
    return _parsed[settings.home][1]


def _for_home(parsed: Path, home: Path) -> Manifest:
    """Load what was parsed, and let its sources lie under a home."""
    # Imported here: dbt costs two seconds.
    from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415
    from dbt.parser.manifest import extended_mashumuro_decoder  # noqa: PLC0415

    project = Manifest.from_msgpack(parsed.read_bytes(), decoder=extended_mashumuro_decoder)
    for unique_id, source in project.sources.items():
        project.sources[unique_id] = _under(home, source)
    project.build_flat_graph()
    return project


def _under(home: Path, source: SourceDefinition) -> SourceDefinition:
    plain = json.dumps(source.to_dict())
    there = plain.replace(str(ANY_HOME), json.dumps(read_from(home)[1:-1])[1:-1])
    return type(source).from_dict(json.loads(there))


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
    for path in settings.dbt_project.iterdir():
        if path.name in MADE_BY_DBT:
            continue
        yield path
        if path.is_dir():
            yield from path.rglob("*")
