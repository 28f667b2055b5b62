"""Published periods say what they said: each figure of a final period is the one that was kept.

Belongs here: comparing a staged release with what was kept, and metrics with what they meant. Does
not belong here: what follows the newest release by design (columns marked `comparison` in dbt).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.settings import Settings
from dagster_project.common.sql_text import read_from
from dagster_project.release.contract import TableContract
from dagster_project.release.export import OFFLINE, StagedRelease, parquet_file
from dagster_project.release.finalise import keyed_marts
from dagster_project.release.manifest import SCHEMA, ReleaseError
from dagster_project.release.vintages import KEY, MARTS, Index, definitions_of

METRIC = "metric"
NEW_ONES = (METRIC, "question")
"""Columns of a key whose new values may come with rows of periods that are final."""
SHOWN = 5
"""Differences that are named; more would not help the reader."""


@dataclass(frozen=True)
class Comparison:
    """What of the marts may follow others: whole tables, and columns by table."""

    tables: frozenset[str]
    columns: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Difference:
    """A figure of a final period that is not the one that was published."""

    table: str
    cell: str
    column: str
    reason: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.table} {self.cell}, {self.column}: {self.reason}"


def read_comparison(manifest: Path) -> Comparison:
    """Read from dbt's manifest what is marked as a comparison."""
    nodes = json.loads(manifest.read_bytes())["nodes"].values()
    marts = [one for one in nodes if one["resource_type"] == "model" and one["schema"] == SCHEMA]
    return Comparison(
        frozenset(one["alias"] for one in marts if _is_comparison(one)),
        {
            one["alias"]: frozenset(
                name for name, column in one["columns"].items() if _is_comparison(column)
            )
            for one in marts
        },
    )


def differences(
    settings: Settings,
    codebook: Codebook,
    staged: StagedRelease,
    index: Index,
    *,
    final: pl.DataFrame,
    contract: Mapping[str, TableContract],
    comparison: Comparison,
) -> list[Difference]:
    """Compare a staged release with what was kept of the periods that stay.

    Args:
        settings: where vintages are.
        codebook: what every metric means now.
        staged: the release.
        index: what is published.
        final: study, organisation_code, period and vintage of the periods that stay.
        contract: columns and keys of the published tables.
        comparison: what may follow others.

    Raises:
        ReleaseError: something kept cannot be read.

    """
    found: list[Difference] = []
    told: set[tuple[str, str]] = set()
    try:
        with duckdb.connect(config=OFFLINE) as engine:
            engine.register("final", final.select(*KEY, "vintage"))
            for table in keyed_marts(contract, comparison.tables):
                may_differ = comparison.columns.get(table, frozenset())
                files = [
                    str(file)
                    for vintage in sorted(final["vintage"].unique())
                    if (file := settings.vintages / vintage / MARTS / f"{table}.parquet").is_file()
                ]
                if files:
                    now = parquet_file(staged.path, table)
                    found += _in_table(engine, files, now, contract[table], may_differ)
                    told |= _metrics(engine)
    except duckdb.Error as fault:
        first_line = str(fault).partition("\n")[0]
        raise ReleaseError(f"{settings.vintages} cannot be compared: {first_line}") from fault
    redefined = [
        one
        for one in _redefined(codebook, index, final)
        if (one.cell.partition(" ")[0], one.column) in told
    ]
    return [*redefined, *found]


def _metrics(engine: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Name the metrics, with their studies, that final periods have in the table just read."""
    columns = {str(row[0]) for row in engine.execute("describe was").fetchall()}
    if METRIC not in columns:
        return set()
    return set(engine.execute(f"select distinct study, {METRIC} from was").fetchall())


def in_words(found: list[Difference]) -> str:
    """Say in a line what differs, and what to do."""
    if not found:
        return "every figure of a final period is as it was published"
    listed = "; ".join(str(one) for one in found[:SHOWN])
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return (
        f"{listed}{more}. What is published stays as it is: give what means something else an id "
        "of its own, or revise the period with `kto revise`"
    )


def _redefined(codebook: Codebook, index: Index, final: pl.DataFrame) -> Iterator[Difference]:
    """Find metrics that mean something else now than in a period that is published with them."""
    used = (
        index.newest.join(final, on=KEY, how="semi")
        .filter(pl.col("definitions").is_not_null())
        .group_by("study", "definitions")
        .agg(period=pl.col("period").min(), organisation_code=pl.col("organisation_code").min())
        .sort("study", "period")
    )
    told: set[tuple[str, str]] = set()
    for study, name, period, organisation in used.iter_rows():
        now = definitions_of(codebook, study)
        for metric, meaning in index.definitions.get(name, {}).items():
            if metric in now and now[metric] != meaning and (study, metric) not in told:
                told.add((study, metric))
                yield Difference(
                    "metrics.csv",
                    f"{study} {organisation} {period}",
                    metric.partition(" ")[0],
                    "its definition changed under its old id since that was published",
                )


def _in_table(
    engine: duckdb.DuckDBPyConnection,
    files: list[str],
    now: Path,
    contract: TableContract,
    may_differ: frozenset[str],
) -> Iterator[Difference]:
    """Compare what was kept of one table with the staged one."""
    table = now.stem
    engine.execute(
        "create or replace temp view was as select kept.* from "
        f"read_parquet([{', '.join(map(read_from, files))}], union_by_name = true) as kept "
        f"semi join final using ({', '.join(KEY)}, vintage)"
    )
    columns = [
        str(row[0])
        for row in engine.execute("describe was").fetchall()
        if row[0] not in {"vintage", *may_differ}
    ]
    if not now.is_file():
        yield Difference(table, "", "", "the table is not published any more")
        return
    engine.execute(
        f"create or replace temp view is_now as select told.* from read_parquet({read_from(now)}) "
        f"as told semi join final using ({', '.join(KEY)})"
    )
    there = {str(row[0]) for row in engine.execute("describe is_now").fetchall()}
    for gone in [one for one in columns if one not in there]:
        yield Difference(table, "", gone, "the column is not published any more")
    key = [one for one in contract.key if one in columns]
    figures = [one for one in columns if one in there and one not in key]
    yield from _rows(engine, table, key, figures)


def _rows(
    engine: duckdb.DuckDBPyConnection, table: str, key: list[str], figures: list[str]
) -> Iterator[Difference]:
    same = " and ".join(f'was."{one}" is not distinct from now."{one}"' for one in key)
    cell = "concat_ws(' ', " + ", ".join(f'coalesce(was."{one}", now."{one}")' for one in key) + ")"
    tests = [
        f'case when was."{one}" is distinct from now."{one}" then '
        f"'{one}' || chr(31) || coalesce(was.\"{one}\"::varchar, 'null') || chr(31) || "
        f"coalesce(now.\"{one}\"::varchar, 'null') end"
        for one in figures
    ] or ["null"]
    first = key[0]
    # a metric that the period had no rows of yet may be computed from what was delivered then
    about = [one for one in NEW_ONES if one in key]
    known = " and ".join(f'one."{name}" = now."{name}"' for name in (*KEY, *about))
    rows = engine.execute(
        f'select {cell}, was."{first}" is null, now."{first}" is null, '
        f"coalesce({', '.join(tests)}) as difference "
        f"from was full join is_now as now on {same} "
        f'where (was."{first}" is null and exists (select 1 from was as one where {known})) '
        f'or now."{first}" is null or (was."{first}" is not null and difference is not null) '
        "order by 1"
    ).fetchall()
    for name, is_new, is_gone, difference in rows:
        if is_gone:
            yield Difference(table, name, "row", "it was published and is missing")
        elif is_new:
            yield Difference(table, name, "row", "it was not published and is there now")
        else:
            column, before, after = difference.split(chr(31))
            yield Difference(table, name, column, f"{before} was published, it is {after} now")


def _is_comparison(node: Mapping[str, object]) -> bool:
    config = node.get("config") or {}
    meta = (config.get("meta") if isinstance(config, Mapping) else None) or node.get("meta") or {}
    return bool(isinstance(meta, Mapping) and meta.get("comparison"))
