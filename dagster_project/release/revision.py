"""What a revision changes of what is published, figure by figure, before it is published.

Belongs here: comparing a staged release with the newest vintage kept. Does not belong here: making
the revision, printing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.common.sql_text import read_from
from dagster_project.release.contract import TableContract, read_contract
from dagster_project.release.export import OFFLINE, StagedRelease, parquet_file
from dagster_project.release.finalise import keyed_marts
from dagster_project.release.order import PeriodKey
from dagster_project.release.unchanged import read_comparison
from dagster_project.release.vintages import KEY, MARTS, Index, kept, parts_of
from dagster_project.warehouse import dbt_manifest

STATUS, SUPPRESSED = "status", "suppressed"
RAW = {"value", "margin", "period_type", "period_start"}
"""Columns that say nothing which the others do not say better."""
STATES = "state"


@dataclass(frozen=True)
class Change:
    """A row that a revision changes; `figures` are column, old and new."""

    table: str
    cell: str
    figures: tuple[tuple[str, str, str], ...] = ()
    withdrawn: bool = False

    def __str__(self) -> str:
        """Say it in a line."""
        if self.withdrawn:
            return f"withdrawn  {self.table} {self.cell}"
        told = ", ".join(f"{name} {old} -> {new}" for name, old, new in self.figures)
        return f"changed    {self.table} {self.cell}: {told}"


def refuse(index: Index, periods: tuple[PeriodKey, ...], most: Mapping[str, int]) -> None:
    """Refuse to revise what is not published, is a sum, or was revised too often.

    Raises:
        UserError: in one line, the first such period.

    """
    newest = {tuple(row[name] for name in KEY): row for row in index.newest.to_dicts()}
    for period in periods:
        found, name = newest.get(period), " ".join(period)
        if found is None:
            raise UserError(f"{name} is not published, so there is nothing to revise")
        parts = index.newest.filter(
            pl.col("study") == period[0],
            pl.col("organisation_code") == period[1],
            pl.col("period_type") == "quarter",
            pl.col("period_start").dt.year().cast(pl.String) == period[2],
        )
        if found["period_type"] == "year" and parts.height:
            raise UserError(f"{name} is the sum of its quarters; name the quarters to revise")
        own_first = parts_of(index, [period]).sort(pl.col("period") != period[2])
        for part in own_first.to_dicts():
            allowed = most.get(period[0], 0)
            if part["revision"] >= allowed:
                raise UserError(
                    f"{part['study']} {part['organisation_code']} {part['period']} was revised "
                    f"{part['revision']} times, and {allowed} are allowed (max_revisions in "
                    "studies.csv)"
                )


def changes(
    settings: Settings, staged: StagedRelease, index: Index, periods: tuple[PeriodKey, ...]
) -> list[Change]:
    """Compare the staged release with what was published of these periods and their years."""
    manifest = dbt_manifest(settings)
    contract = read_contract(manifest)
    comparison = read_comparison(manifest)
    before = parts_of(index, periods)
    found: list[Change] = []
    for table in _without_copies(contract, keyed_marts(contract, comparison.tables), staged):
        was = kept(settings, f"{MARTS}/{table}", before)
        names = [name for name, _ in contract[table].columns]
        if was.width and STATES not in names:
            skipped = RAW | comparison.columns.get(table, frozenset())
            found += _of_table(staged, table, contract[table], was, before, skipped=skipped)
    return found


def _without_copies(
    contract: Mapping[str, TableContract], tables: list[str], staged: StagedRelease
) -> list[str]:
    """Leave out tables that hold a part of another one with the same columns."""
    largest: dict[tuple[tuple[str, str], ...], str] = {}
    for table in tables:
        columns = contract[table].columns
        if staged.tables.get(table, 0) > staged.tables.get(largest.get(columns, ""), -1):
            largest[columns] = table
    return sorted(largest.values())


def _of_table(
    staged: StagedRelease,
    table: str,
    contract: TableContract,
    was: pl.DataFrame,
    periods: pl.DataFrame,
    *,
    skipped: frozenset[str] | set[str],
) -> Iterator[Change]:
    names = [name for name, _ in contract.columns if name in was.columns]
    key = [name for name in names if name in contract.key]
    figures = [name for name in names if name not in {*key, *skipped, STATUS}]
    hidden = f"now.{STATUS} = '{SUPPRESSED}'" if STATUS in names else "false"
    shown = f"was.{STATUS} <> '{SUPPRESSED}'" if STATUS in names else "true"
    same = " and ".join(f'was."{one}" is not distinct from now."{one}"' for one in key)
    cell = ", ".join(f'coalesce(was."{one}", now."{one}")' for one in key)
    pairs = "".join(f', was."{one}"::varchar, now."{one}"::varchar' for one in figures)
    now = f"read_parquet({read_from(parquet_file(staged.path, table))})"
    with duckdb.connect(config=OFFLINE) as engine:
        engine.register("was", was.to_arrow())
        engine.register("revised", periods.select(KEY))
        rows = engine.execute(
            f"select concat_ws(' ', {cell}), "
            f'was."{key[0]}" is not null and {shown}, '
            f'now."{key[0]}" is not null and not coalesce({hidden}, false){pairs} '
            f"from was full join (from {now} semi join revised using ({', '.join(KEY)})) as now "
            f"on {same} order by 1"
        ).fetchall()
    for cell, was_shown, is_shown, *values in rows:
        if was_shown and not is_shown:
            yield Change(table, cell, withdrawn=True)
            continue
        pairs_of = zip(figures, values[::2], values[1::2], strict=False)
        differ = tuple((name, str(old), str(new)) for name, old, new in pairs_of if old != new)
        if is_shown and differ:
            yield Change(table, cell, differ)
