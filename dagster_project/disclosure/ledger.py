"""What was ever released: true cells by version, and who was touched since.

Belongs here: keeping, reading back and comparing what went out. Does not belong here: deciding what
may go out (protect), or how a version lies on disk (ledger_folder.py).

A *block* is a study, organisation and calendar year. A version holds the cells of those blocks of
which its release stated something new. Of the respondents it holds what changed since the block's
version before; the latest row per respondent and measure is how it stood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dagster_project.disclosure.ledger_folder import Version, versions, write_version
from dagster_project.disclosure.ledger_queries import (
    CHANGED_BLOCKS,
    CHANGES,
    FROZEN,
    SHRUNK,
    STATED,
    STATED_BLOCKS,
    TOUCHED,
    VINTAGE,
)
from dagster_project.disclosure.rules import CELL, TOTAL

TEXT = pa.string()
SEGMENT = ("segment", "segment_value")
CELLS_SCHEMA = pa.schema(
    [
        *((name, TEXT) for name in (*CELL, "disclosure_group", "measure", "kind", "answer")),
        ("n", pa.int64()),
        *(
            (name, pa.float64())
            for name in (
                *("n_effective", "weight", "weight_squared"),
                *("total", "total_squared", "low", "high"),
            )
        ),
        ("state", pa.int64()),
    ]
)
LEDGER_SCHEMA = pa.schema([*CELLS_SCHEMA, ("version", pa.int32()), ("published", pa.bool_())])
FROZEN_SCHEMA = pa.schema([*CELLS_SCHEMA, ("version", pa.int32())])
TOUCHED_SCHEMA = pa.schema(
    [
        *((name, TEXT) for name in (*CELL, "disclosure_group", "measure")),
        ("version", pa.int32()),
        ("touched", pa.int64()),
    ]
)
HIERARCHIES_SCHEMA = pa.schema(
    [(name, TEXT) for name in ("study", "dimension", "partition", "parent", "child")]
)
CONTRIBUTIONS_SCHEMA = pa.schema(
    [
        *(
            (name, TEXT)
            for name in (
                *("study", "organisation_code", "period", "channel", "product_code"),
                *(*SEGMENT, "measure"),
            )
        ),
        ("respondent", pa.int64()),
        ("content", pa.int64()),
    ]
)
CHANGES_SCHEMA = pa.schema([*CONTRIBUTIONS_SCHEMA, ("year", TEXT), ("version", pa.int32())])

Contributions = Callable[[pa.Table], pa.Table]
"""Gives the contributions of the blocks asked for (study, organisation_code, year), all of them.

One row per respondent and measure, and one more per segment: study, organisation_code, period (a
leaf), channel, product_code, segment, segment_value and measure (text), respondent and content
(fingerprints, int64). It may give more than was asked.
"""


@dataclass(frozen=True)
class Ledger:
    """Every earlier release, as disclosure control sees it.

    `cells`: the columns of cells, with `version` (int32, in the order of releases) and `published`
    (bool: the cell's group was published in that version with the values of that version).
    `touched`: cell, disclosure_group, measure, version and `touched` (int64, above 0), the number
    of respondents who are in the cell in that version or now, and not the same in both.
    """

    cells: pa.Table
    touched: pa.Table

    @classmethod
    def empty(cls) -> Ledger:
        """Nothing was released yet."""
        return cls(LEDGER_SCHEMA.empty_table(), TOUCHED_SCHEMA.empty_table())


class LedgerStore:
    """An append-only ledger in a folder. One process at a time may append."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made by the first append."""
        self._folder = folder

    def read(self, cells: pa.Table, contributions: Contributions, hierarchies: pa.Table) -> Ledger:
        """Read every earlier version, and compare the respondents of each with those of now.

        Args:
            cells: the cells of now.
            contributions: gives the contributions of now; asked once, for changed blocks only.
            hierarchies: study, dimension, partition, parent and child of every total.

        Raises:
            ValueError: the ledger is damaged.

        """
        known = versions(self._folder)
        if not known:
            return Ledger.empty()
        stored = _cells(known)
        with _engine(cells=cells.select(CELLS_SCHEMA.names), stored=stored) as engine:
            _lay_out_changes(engine, known)
            engine.register("hierarchies", _hierarchies(known, hierarchies))
            changed = _query(engine, CHANGED_BLOCKS)
            engine.register("changed", changed)
            engine.register("current", _contributions_of(changed, contributions))
            return Ledger(stored, _query(engine, TOUCHED).cast(TOUCHED_SCHEMA))

    def append(
        self,
        release: str,
        cells: pa.Table,
        pattern: pa.Table,
        *,
        contributions: Contributions,
        hierarchies: pa.Table,
        tables: Path | None = None,
    ) -> int:
        """Write down a release before readers see it; say which version it is.

        A release that is in the ledger already, from a run that was stopped before readers saw it,
        stays as it is.

        Args:
            release: id of the release.
            cells: the cells it was made from.
            pattern: what `protect` decided: cell, disclosure_group and status.
            contributions: gives the contributions of these cells; asked once, for those blocks only
                of which the release states something new.
            hierarchies: study, dimension, partition, parent and child of every total.
            tables: folder with the Parquet files of the release.

        Raises:
            ValueError: the ledger is damaged.
            OSError: the disk or its rights do not allow it; the ledger is as it was.

        """
        known = versions(self._folder)
        for version in known:
            if version.release == release:
                return version.number
        number = len(known) + 1
        with _engine(cells=cells.select(CELLS_SCHEMA.names), stored=_cells(known)) as engine:
            engine.register("pattern", pattern)
            _lay_out_changes(engine, known)
            blocks = _query(engine, STATED_BLOCKS)
            engine.register("blocks", blocks)
            engine.register("current", _contributions_of(blocks, contributions))
            stated = {
                "cells": _query(engine, STATED, number).cast(LEDGER_SCHEMA),
                "changes": _query(engine, CHANGES, number).cast(CHANGES_SCHEMA),
                "hierarchies": hierarchies.select(HIERARCHIES_SCHEMA.names).cast(
                    HIERARCHIES_SCHEMA
                ),
            }
        released = sorted(tables.glob("*.parquet")) if tables else ()
        write_version(self._folder, number, release, stated, released)
        return number

    def frozen_figures(self, pattern: pa.Table) -> pa.Table:
        """Find the cells that the pattern freezes, as they were released: cells and `version`.

        Raises:
            ValueError: the ledger is damaged, or a frozen group was not published in its version.

        """
        with _engine(stored=_cells(versions(self._folder)), pattern=pattern) as engine:
            frozen = _query(engine, FROZEN)
        if frozen["state"].null_count:
            raise ValueError("a figure is frozen at a version that did not publish it")
        return frozen.cast(FROZEN_SCHEMA)

    def released_tables(self) -> list[Path]:
        """Name the Parquet files of every release, oldest release first.

        Raises:
            ValueError: the ledger is damaged.

        """
        return [path for version in versions(self._folder) for path in version.released()]


def _engine(**tables: pa.Table) -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect()
    for name, table in tables.items():
        engine.register(name, table)
    return engine


def _query(engine: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> pa.Table:  # noqa: ANN401
    return engine.sql(sql, params=parameters).to_arrow_table()


def _cells(known: list[Version]) -> pa.Table:
    return _stacked(known, "cells", LEDGER_SCHEMA)


def _lay_out_changes(engine: duckdb.DuckDBPyConnection, known: list[Version]) -> None:
    """Make them readable as `changes`; they are many, and most queries need few of them."""
    engine.register("every_column", CHANGES_SCHEMA.empty_table())
    every = engine.table("every_column")
    paths = [str(version.file("changes")) for version in known]
    if paths:
        engine.read_parquet(paths, union_by_name=True).create_view("written")
        every = engine.sql("from every_column union all by name from written")
    # a version from before there were segments has respondents of whole cells only
    whole = ", ".join(f"coalesce({name}, '{TOTAL}') as {name}" for name in SEGMENT)
    every.select(f"* replace ({whole})").create_view("changes")


def _hierarchies(known: list[Version], now: pa.Table) -> pa.Table:
    """Put the hierarchies of all versions together: a child may have been dropped since."""
    current = now.select(HIERARCHIES_SCHEMA.names).cast(HIERARCHIES_SCHEMA)
    return pa.concat_tables([current, _stacked(known, "hierarchies", HIERARCHIES_SCHEMA)])


def _stacked(known: list[Version], name: str, schema: pa.Schema) -> pa.Table:
    return pa.concat_tables(
        [schema.empty_table(), *(version.table(name, schema) for version in known)]
    )


def _contributions_of(blocks: pa.Table, contributions: Contributions) -> pa.Table:
    if not blocks.num_rows:
        return CONTRIBUTIONS_SCHEMA.empty_table()
    return contributions(blocks).select(CONTRIBUTIONS_SCHEMA.names).cast(CONTRIBUTIONS_SCHEMA)


def vintage_of(cells: pa.Table, pattern: pa.Table, ledger: Ledger, releases: int) -> pa.Table:
    """Say which figures of every release are of its own time, and which it may show.

    Args:
        cells: the cells of now.
        pattern: what `protect` decided on them.
        ledger: every earlier version.
        releases: the number of earlier releases.

    Returns:
        Cell, measure, release (0 for the one made of `pattern`, -1 for the newest in the ledger,
        and so on), `current`: the figure, where it is shown, is that of its release and not of an
        earlier one; and `decided`: the pattern has it shown, as it is or as it was.

    """
    with _engine(cells=cells, pattern=pattern, released=ledger.cells) as engine:
        return _query(engine, VINTAGE, releases)


def shrunk_since(cells: pa.Table, ledger: Ledger) -> pa.Table:
    """Find the cells and measures in which an attacker would mislead himself.

    That is where respondents left or changed since a version, so that answers were not only added,
    and where more are counted than responded, so that they are counted in another cell than theirs.
    """
    with _engine(cells=cells, released=ledger.cells, touched=ledger.touched) as engine:
        return _query(engine, SHRUNK)
