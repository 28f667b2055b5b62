"""Copies the marts out of the warehouse into a staged release, which is not published yet.

Belongs here: the DuckDB file, the Parquet files, the manifest and the description of a release in
preparation. Does not belong here: judging them (gates) or showing them to readers (publish).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb
import polars as pl

from dagster_project.common.checksums import file_sha256
from dagster_project.common.home import open_to_readers
from dagster_project.common.progress import Progress, silent
from dagster_project.common.settings import Settings
from dagster_project.common.sql_text import literal
from dagster_project.release.manifest import (
    DATABASE_FILE,
    PARQUET_FOLDER,
    SCHEMA,
    SEMANTIC_FILE,
    STAGED_PREFIX,
    Manifest,
    ReleaseError,
    Story,
    read_manifest,
    releases_folder,
    software_version,
)
from dagster_project.warehouse.damage import damage_told
from dagster_project.warehouse.lock import warehouse_lock

STORAGE_VERSION = "v1.4.0"  # the oldest DuckDB that readers of a release may use
OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
NOBODY_ELSE = 0o700
VIEWS = Path(__file__).with_name("views.sql")
SEMANTIC = Path(__file__).with_name(SEMANTIC_FILE)
"""What the tables mean, for BI tools; the same in every release of this version."""
TABLE_OR_VIEW = re.compile(rf"\b(?:{SCHEMA}|main)\.\w+")
BY_ORGANISATION = ("study", "organisation_code", "period")
OWN, MERGED = "own", "merged"
STATE = "state"
RELEASED_PERIODS = "intermediate.int_released"
DELIVERIES = """
    select distinct delivery
    from (
        select delivery, status, study, organisation_code, period
        from {source}.intermediate.int_response_rows
        union all
        select delivery, status, study, organisation_code, period
        from {source}.intermediate.int_invitation_rows
    )
    semi join (from released where series = 'own') using (study, organisation_code, period)
    where status <> 'late'
    order by delivery
"""
"""What the figures rest on; what came late is in none."""
TABLE_NAME = re.compile(r"(mart|dim)_[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True)
class StagedRelease:
    """A release that is whole but not yet visible; `tables` gives the rows of each table."""

    id: str
    path: Path
    tables: Mapping[str, int]


def stage_release(
    settings: Settings,
    story: Story,
    checks: Iterable[str],
    now: datetime,
    progress: Progress = silent,
) -> StagedRelease:
    """Copy what is released of the warehouse's marts into `releases/.staged-<id>/`.

    It may not pass its gates, so only the user who made it can open that folder.

    Args:
        settings: where the warehouse and the releases are.
        story: which periods it changes.
        checks: names of the checks that passed so far.
        now: time of the release, with a zone.
        progress: called with what is being done.

    Raises:
        ReleaseError: no warehouse, a table that is neither `mart_*` nor `dim_*`, no room on disk.

    """
    sweep(settings)
    return _stage(
        settings,
        releases_folder(settings),
        RELEASED,
        now,
        story=story,
        checks=checks,
        progress=progress,
    )


def stage_preview(
    settings: Settings,
    published: pl.DataFrame,
    now: datetime,
    progress: Progress = silent,
) -> StagedRelease:
    """Copy all of the warehouse's marts into a folder of their own and point the preview at it.

    Args:
        settings: where the warehouse and the preview are.
        published: study, organisation_code, period of what is published; the state of anything
            else that could be is `due`.
        now: time of the preview, with a zone.
        progress: called with what is being done.

    Raises:
        ReleaseError: as for a release.

    """
    folder = settings.preview.with_name("previews")
    for leftover in folder.glob(f"{STAGED_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    choice = Choice(only_released=False, published=published)
    staged = _stage(settings, folder, choice, now, progress=progress)
    made = folder / staged.id
    shutil.rmtree(made, ignore_errors=True)
    staged.path.rename(made)
    fresh = settings.home / f".preview-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(made.relative_to(settings.home), target_is_directory=True)
    fresh.replace(settings.preview)
    for older in folder.iterdir():
        if older != made:
            shutil.rmtree(older, ignore_errors=True)
    return StagedRelease(staged.id, made, staged.tables)


@dataclass(frozen=True)
class Choice:
    """Which rows of the marts are copied.

    `only_released`: those of released periods; else all, and what is not in `published` is called
    due.
    """

    only_released: bool
    published: pl.DataFrame | None = None


RELEASED = Choice(only_released=True)


def _stage(
    settings: Settings,
    folder: Path,
    choice: Choice,
    now: datetime,
    *,
    story: Story | None = None,
    checks: Iterable[str] = (),
    progress: Progress,
) -> StagedRelease:
    if not settings.warehouse.is_file():
        raise ReleaseError(f"{settings.warehouse} does not exist; run `kto refresh` first")
    stamp = now.astimezone(UTC)
    draft = folder / f"{STAGED_PREFIX}{stamp:%Y%m%dT%H%M%SZ}-{os.getpid()}"
    try:
        if choice.only_released:
            with open_to_readers():
                folder.mkdir(parents=True, exist_ok=True)
        (draft / PARQUET_FOLDER).mkdir(parents=True)
        draft.chmod(NOBODY_ELSE)
        with warehouse_lock(settings), damage_told(settings):
            tables, deliveries = _export_marts(settings.warehouse, draft, choice, progress)
        parquet = {table: file_sha256(parquet_file(draft, table)) for table in tables}
        release = f"{stamp:%Y%m%dT%H%M%SZ}-{_content_hash(parquet)}"
        Manifest(
            release=release,
            time=stamp.isoformat(timespec="seconds"),
            software=software_version(),
            deliveries=deliveries,
            tables=tables,
            parquet=parquet,
            checks=tuple(sorted(set(checks))),
            story=story or Story(),
        ).write(draft)
        shutil.copyfile(SEMANTIC, draft / SEMANTIC_FILE)
        staged = draft.with_name(f"{STAGED_PREFIX}{release}")
        draft.rename(staged)
    except (OSError, duckdb.Error) as fault:
        shutil.rmtree(draft, ignore_errors=True)
        first_line = str(fault).partition("\n")[0]
        raise ReleaseError(
            f"The release could not be written below {folder}: {first_line}. "
            "What is published is unchanged; mend this and run `kto refresh` again"
        ) from fault
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return StagedRelease(release, staged, tables)


def staged_release(settings: Settings) -> StagedRelease:
    """Find the release that was staged last; the steps share it through its folder.

    Raises:
        ReleaseError: there is none.

    """
    folders = sorted(releases_folder(settings).glob(f"{STAGED_PREFIX}*"))
    if not folders:
        raise ReleaseError(
            f"nothing is staged in {settings.published}; run release_candidate first"
        )
    manifest = read_manifest(folders[-1])
    return StagedRelease(manifest.release, folders[-1], manifest.tables)


def sweep(settings: Settings) -> None:
    """Remove what killed runs left behind; no release is touched.

    Only one run may stage at a time: the caller holds the lock.
    """
    for leftover in releases_folder(settings).glob(f"{STAGED_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for leftover in settings.published.glob(".current-*"):
        leftover.unlink(missing_ok=True)


def parquet_file(folder: Path, table: str) -> Path:
    """Path of one table's Parquet file within a release folder."""
    return folder / PARQUET_FOLDER / f"{table}.parquet"


def _export_marts(
    warehouse: Path, folder: Path, choice: Choice, progress: Progress
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Write the DuckDB file and one Parquet file per table; rows by table, and the deliveries.

    Tables are sorted by all columns, so that equal content gives equal Parquet bytes. The warehouse
    is attached under its file's name, because dbt writes that name into the text of views.
    """
    source = f'"{warehouse.stem}"'
    database = folder / DATABASE_FILE
    with duckdb.connect(config={**OFFLINE, "temp_directory": str(folder / "spill")}) as engine:
        engine.execute(f"attach {literal(warehouse)} as {source} (read_only)")
        engine.execute(
            f"attach {literal(database)} as staged_release (storage_version '{STORAGE_VERSION}')"
        )
        engine.execute(f"create schema staged_release.{SCHEMA}")
        engine.execute(f"create temp view released as from {source}.{RELEASED_PERIODS}")
        if choice.published is not None:
            engine.register("published", choice.published)
        names = _published_names(engine, warehouse)
        rows = {}
        for table in names:
            progress(f"Staging {table}")
            target = f"staged_release.{SCHEMA}.{table}"
            chosen = _chosen(engine, warehouse.stem, table, choice)
            engine.execute(f"create table {target} as {chosen} order by all")
            engine.execute(
                f"copy (select * from {target}) to {literal(parquet_file(folder, table))} "
                "(format parquet, compression zstd)"
            )
            counted = engine.execute(f"select count(*) from {target}").fetchone()
            rows[table] = int(counted[0]) if counted else 0
        _copy_comments(engine, warehouse.stem)
        _make_views(engine, names)
        deliveries = engine.execute(DELIVERIES.format(source=source)).fetchall()
        engine.execute("checkpoint staged_release")
        engine.execute("detach staged_release")
    shutil.rmtree(folder / "spill", ignore_errors=True)
    return rows, tuple(str(sha256) for (sha256,) in deliveries)


def _chosen(engine: duckdb.DuckDBPyConnection, catalog: str, table: str, choice: Choice) -> str:
    """Select the rows of a table that are copied; the schema says by which columns."""
    described = engine.execute(f'describe "{catalog}".{SCHEMA}.{table}').fetchall()
    columns = [str(row[0]) for row in described]
    everything = f'select * from "{catalog}".{SCHEMA}.{table} as told'
    if not choice.only_released:
        return everything if STATE not in columns else _as_due(columns, everything)
    if {*BY_ORGANISATION} <= {*columns}:
        series = MERGED if table.endswith(f"_{MERGED}") else OWN
        same = " and ".join(f"told.{one} = released.{one}" for one in BY_ORGANISATION)
        return f"{everything} semi join released on {same} and released.series = '{series}'"
    if {"study", "period"} <= {*columns}:
        others = [one for one in columns if one.endswith("_period")]
        shown = ", ".join(
            f"case when (study, {one}) in (select (study, period) from released "
            f"where series = '{OWN}') then {one} end as {one}"
            for one in others
        )
        replaced = f"replace ({shown}) " if others else ""
        return (
            f'select * {replaced}from "{catalog}".{SCHEMA}.{table} where (study, period) in '
            f"(select (study, period) from released where series = '{OWN}')"
        )
    return everything


def _as_due(columns: Iterable[str], everything: str) -> str:
    """Call what is not published yet due, and give it no day."""
    known = f"exists (select 1 from published as one where {_same('one', 'told')})"
    settled = f"(told.{STATE} not in ('final', 'revised') or {known})"
    days = [one for one in columns if one.endswith("_on")]
    shown = ", ".join(
        [
            f"case when {settled} then told.{STATE} else 'due' end as {STATE}",
            *(f"case when {settled} then told.{one} end as {one}" for one in days),
        ]
    )
    return everything.replace("select *", f"select * replace ({shown})", 1)


def _same(one: str, other: str) -> str:
    return " and ".join(f"{one}.{name} = {other}.{name}" for name in BY_ORGANISATION)


def _published_names(engine: duckdb.DuckDBPyConnection, warehouse: Path) -> list[str]:
    """Names of all tables and views in the marts schema, sorted."""
    found = engine.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = ? and table_schema = ? order by 1",
        [warehouse.stem, SCHEMA],
    ).fetchall()
    names = [str(name) for (name,) in found]
    if not names:
        raise ReleaseError(f"{warehouse} has no tables in schema {SCHEMA}; run `kto refresh` first")
    if refused := [name for name in names if not TABLE_NAME.fullmatch(name)]:
        raise ReleaseError(
            f"{warehouse}, schema {SCHEMA}: {', '.join(refused)} would be published; only tables "
            "named mart_* or dim_* may be, so move or drop the others"
        )
    return names


def _copy_comments(engine: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Copy descriptions of tables and columns, so that a BI tool can show them."""
    comments = engine.execute(
        "select 'table', table_name, null, comment from duckdb_tables() "
        "where database_name = $1 and schema_name = $2 and comment is not null "
        "union all select 'column', table_name, column_name, comment from duckdb_columns() "
        "where database_name = $1 and schema_name = $2 and comment is not null",
        [catalog, SCHEMA],
    ).fetchall()
    statements = []
    for kind, table, column, comment in comments:
        place = f"staged_release.{SCHEMA}.{table}" + (f'."{column}"' if column else "")
        statements.append(f"comment on {kind} {place} is {literal(comment)};")
    # one by one, each of some 300 would be a transaction of its own
    engine.execute(" ".join(["begin;", *statements, "commit;"]))


def _make_views(engine: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Give schema `main`, where tools look first, views of the tables and labelled views.

    The text of a view names no database, so that the file can be attached under any name.
    """
    engine.execute("use staged_release")
    own = labelled_views(set(names))
    for table in names:
        if table not in own:
            engine.execute(f"create view main.{table} as select * from {SCHEMA}.{table}")
    for statement in own.values():
        engine.execute(statement)
    engine.execute("use memory")


def labelled_views(tables: set[str]) -> dict[str, str]:
    """Return the statements that make the labelled views, by the name of the view, in order.

    One that needs a table which is not among `tables` is left out, with those that need it.
    """
    made = {f"{SCHEMA}.{table}" for table in tables}
    found = {}
    for view, statement in _views().items():
        if set(TABLE_OR_VIEW.findall(statement)) - {f"main.{view}"} <= made:
            found[view] = statement
            made.add(f"main.{view}")
    return found


@cache
def _views() -> dict[str, str]:
    script = re.sub(r"^--.*$", "", VIEWS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    statements = [one.strip() for one in script.split(";") if one.strip()]
    return {one.split()[2].partition(".")[2]: one for one in statements}


def _content_hash(parquet: Mapping[str, str]) -> str:
    """Eight hex digits over all tables' content."""
    lines = "\n".join(f"{table} {digest}" for table, digest in sorted(parquet.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:8]
