"""Checks that everything derived in a release follows from what is published in it.

Belongs here: the audit of the tables as a whole. Does not belong here: single formulas.

Whatever the audit does not know or cannot reproduce is a finding: a derived figure that is more
than a function of published ones could carry a hidden one out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.audit import (
    comparisons,
    merged,
    priority,
    publication,
    response,
    rows,
)
from dagster_project.disclosure.audit.contract import (
    COLUMNS,
    KEYS,
    KPI,
    MERGED,
    NEEDED,
    ORGANISATIONS,
    WORDS,
)
from dagster_project.disclosure.audit.priority import Priorities
from dagster_project.disclosure.audit.publication import Publication

Tables = Mapping[str, pl.DataFrame]
SHOWN = 20  # rows of one kind that are named; more would not help whoever reads them


@dataclass(frozen=True)
class Finding:
    """Something in a release that is not a function of what is published in it.

    `table` and `row` (its key, or a column or file) say where, `what` says what is wrong.
    """

    table: str
    row: str
    what: str


def audit_derived(
    released: Mapping[str, pa.Table],
    *,
    benchmark_minimum: Mapping[str, int] | None = None,
    priorities: Priorities | None = None,
    publications: Mapping[str, Publication] | None = None,
) -> list[Finding]:
    """Recompute everything derived in a release from its own published figures.

    Args:
        released: the published tables by name.
        benchmark_minimum: fewest other organisations of a benchmark, by study; 3 where not named.
        priorities: the aspects of each overall metric and the fewest respondents; without it all of
            a study are aspects of one.
        publications: the rule of publication by study; without it nothing is known of any.

    Returns:
        The findings; none if everything follows.

    """
    tables = {name: pl.DataFrame(table) for name, table in released.items()}
    findings = _shapes(tables)
    if findings:
        return findings
    checks = [
        *rows.checks(tables),
        *rows.copies(tables),
        *comparisons.in_time(tables, KPI),
        *comparisons.with_others(tables, benchmark_minimum or {}),
        *response.checks(tables),
        *response.items(tables),
        *priority.checks(tables, priorities or Priorities()),
        *publication.checks(tables, publications),
        *merged.checks(tables),
    ]
    if MERGED in tables:
        checks += comparisons.in_time(tables, MERGED)
    return [finding for table, what, wrong in checks for finding in _named(table, what, wrong)]


def _shapes(tables: Tables) -> list[Finding]:
    """Tables and columns that are not in the list, and missing ones that a check needs."""
    found = [
        Finding(name, "", "the audit does not know this table")
        for name in tables
        if _columns_of(name, tables) is None
    ]
    found += [
        Finding(name, "", "the release lacks this table")
        for name in (*NEEDED, *(ORGANISATIONS,) * (MERGED in tables))
        if name not in tables
    ]
    for name, table in tables.items():
        known = _columns_of(name, tables) or ()
        found += [
            Finding(name, column, "the audit does not know this column")
            for column in table.columns
            if known and column not in known
        ]
        found += [
            Finding(name, column, "the table lacks this column")
            for column in known
            if column not in table.columns and column not in WORDS
        ]
    return found


def _columns_of(name: str, tables: Tables) -> tuple[str, ...] | None:
    """Columns that a table may have; one named after a metric has those of all metrics."""
    if name in COLUMNS:
        return COLUMNS[name]
    return COLUMNS[KPI] if name in rows.metric_tables(tables) else None


def _named(table: str, what: str, wrong: pl.DataFrame) -> list[Finding]:
    """Return a finding for each of the first rows."""
    key = [name for name in KEYS.get(table, KEYS[KPI]) if name in wrong.columns]
    if not key:
        key = wrong.columns[:4]
    head = wrong.select(key).head(SHOWN)
    return [
        Finding(table, " ".join(str(part) for part in row if part is not None), what)
        for row in head.iter_rows()
    ]
