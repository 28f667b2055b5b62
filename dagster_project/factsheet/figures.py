"""The figures of a release, by organisation: what the pages are drawn from.

Belongs here: reading the published tables and finding rows. Does not belong here: anything that is
not published; wording, drawing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.release.export import parquet_file

ALL = "all"
KPI, ANSWERS, RESPONSES = "mart_kpi", "mart_distribution", "mart_response"
FUNNEL, PRIORITY, VERDICTS = "mart_response_funnel", "mart_priority", "mart_publication"
HIDDEN, PERIODS = "mart_suppression", "mart_release"
READ = (KPI, ANSWERS, RESPONSES, FUNNEL, PRIORITY, VERDICTS, HIDDEN, PERIODS)
PUBLISHED = "published"
OWNER = ["study", "organisation_code"]

Row = Mapping[str, Any]
"""A published row: its columns by name."""


@dataclass(frozen=True, order=True)
class Place:
    """What a factsheet is about."""

    study: str
    organisation_code: str
    period: str


@dataclass(frozen=True)
class Where:
    """Which respondents a figure is about: one of its parts is not `all`, or none."""

    channel: str = ALL
    product_code: str = ALL
    segment: str = ALL
    segment_value: str = ALL


EVERYBODY = Where()


@dataclass(frozen=True)
class Facts:
    """All that is published of one organisation in one study, every period of it."""

    study: str
    organisation_code: str
    tables: Mapping[str, Sequence[Row]] = field(repr=False)

    @cached_property
    def _kpi(self) -> Mapping[tuple[str, Where, str], Row]:
        return {(row["period"], where_of(row), row["metric"]): row for row in self.tables[KPI]}

    @cached_property
    def _answers(self) -> Mapping[tuple[str, str, str], list[Row]]:
        found: dict[tuple[str, str, str], list[Row]] = {}
        for row in self.tables[ANSWERS]:
            found.setdefault((row["period"], row["channel"], row["metric"]), []).append(row)
        return found

    @cached_property
    def _places(self) -> Mapping[str, list[Where]]:
        found: dict[str, dict[Where, None]] = {}
        for period, where, _ in self._kpi:
            found.setdefault(period, {})[where] = None
        return {period: list(places) for period, places in found.items()}

    def figure(self, period: str, where: Where, metric: str) -> Row | None:
        """Return the row of a figure, published or suppressed; None where there is no cell."""
        return self._kpi.get((period, where, metric))

    def answers(self, period: str, channel: str, question: str) -> list[Row]:
        """Return the rows of a distribution; empty where there is none."""
        return self._answers.get((period, channel, question), [])

    def rows(self, table: str, period: str, **same: str) -> list[Row]:
        """Return the rows of a table on a period, in its order, that have these values."""
        return [
            row
            for row in self.tables[table]
            if row["period"] == period and all(row[key] == value for key, value in same.items())
        ]

    def places(self, period: str) -> list[Where]:
        """Return all that figures of a period are about, in the order of the table."""
        return self._places.get(period, [])

    def series(
        self, where: Where, metric: str, period: str, most: int
    ) -> list[tuple[str, Row | None]]:
        """Return the periods up to one with their published row, or None, the oldest first.

        Years for a year, quarters for a quarter; the newest `most` of those that are told, from the
        first that has a figure. Empty if none has.
        """
        told = sorted(one for one in self.periods if len(one) == len(period) and one <= period)
        found: list[tuple[str, Row | None]] = []
        for one in told[-most:]:
            row = self.figure(one, where, metric)
            is_shown = row is not None and row["status"] == PUBLISHED
            if is_shown or found:
                found.append((one, row if is_shown else None))
        return found

    @property
    def periods(self) -> list[str]:
        """Return the periods that have figures, the newest first and a year before its quarters."""
        told = {str(row["period"]) for row in self.tables[PERIODS]}
        return sorted(told, key=lambda one: (one[:4], -len(one), one), reverse=True)

    def told(self, period: str) -> Row:
        """Return the row that says since when a period is published, or how it stands with it."""
        return self.rows(PERIODS, period)[0]


def where_of(row: Row) -> Where:
    """Return which respondents a row of figures is about."""
    return Where(row["channel"], row["product_code"], row["segment"], row["segment_value"])


def read_facts(
    folder: Path, owners: pl.DataFrame | None = None, *, totals_only: bool = False
) -> list[Facts]:
    """Read the tables of a release, by organisation.

    Args:
        folder: a release, a staged one or a preview.
        owners: study and organisation_code of those wanted; None for all.
        totals_only: read which periods there are and the figures on everybody, nothing else.

    Returns:
        One for each study and organisation that has a period, sorted.

    """
    split: dict[str, dict[tuple[str, str], list[dict[str, Any]]]] = {}
    for table in READ:
        split[table] = {}
        if totals_only and table not in (KPI, PERIODS):
            continue
        frame = pl.scan_parquet(parquet_file(folder, table))
        if totals_only and table == KPI:
            parts = ("channel", "product_code", "segment")
            frame = frame.filter(pl.col(part) == ALL for part in parts)
        if owners is not None:
            frame = frame.join(owners.lazy(), on=OWNER, how="semi", maintain_order="left")
        split[table] = {
            (str(study), str(organisation)): rows.to_dicts()
            for (study, organisation), rows in frame.collect()
            .partition_by(OWNER, as_dict=True, maintain_order=True)
            .items()
        }
    return [
        Facts(
            study,
            organisation,
            {table: split[table].get((study, organisation), []) for table in READ},
        )
        for study, organisation in sorted(split[PERIODS])
    ]


def places_of(folder: Path) -> list[Place]:
    """Return all places that a release has figures of, sorted.

    In a preview, only what has figures.
    """
    told = pl.scan_parquet(parquet_file(folder, PERIODS))
    shown = pl.scan_parquet(parquet_file(folder, RESPONSES))
    key = [*OWNER, "period"]
    found = told.join(shown, on=key, how="semi").select(key).unique().collect()
    return sorted(Place(*map(str, row)) for row in found.iter_rows())
