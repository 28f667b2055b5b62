"""What documents say, beside what a release says.

Belongs here: the published figures and comparing them with `kto.duckdb`. Does not belong here:
computing figures; the release is read as any outsider would.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from dagster_project.common.rounding import half_away
from dagster_project.demo.tables import HERE

KEY = ("study", "organisation_code", "period", "channel", "product_code", "metric")
ALL = "all"
DETAIL = ("segment", "segment_value")
"""Columns that not every table has; blank in the file where the figure is of all."""


@dataclass(frozen=True)
class PublishedFigure:
    """One figure as a document prints it: where it stands in the release, and its decimals."""

    study: str
    organisation_code: str
    period: str
    channel: str
    product_code: str
    table: str
    metric: str
    column: str
    published: Decimal
    decimals: int
    source: str
    segment: str = ALL
    segment_value: str = ALL


@dataclass(frozen=True)
class Comparison:
    """A published figure and the release's, rounded alike; None where the release shows none."""

    figure: PublishedFigure
    computed: Decimal | None

    @property
    def equal(self) -> bool:
        """Whether the release says what the document says."""
        return self.computed == self.figure.published


def published_figures(path: Path = HERE / "published_figures.csv") -> tuple[PublishedFigure, ...]:
    """Return the rows of `published_figures.csv`, in file order."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return tuple(
        PublishedFigure(
            study=row["study"],
            organisation_code=row["organisation_code"],
            period=row["period"],
            channel=row["channel"],
            product_code=row["product_code"],
            table=row["table"],
            metric=row["metric"],
            column=row["column"],
            published=Decimal(row["published"]),
            decimals=int(row["decimals"]),
            source=row["source"],
            segment=row["segment"] or ALL,
            segment_value=row["segment_value"] or ALL,
        )
        for row in rows
    )


def compare(published: Sequence[PublishedFigure], release_db: Path) -> tuple[Comparison, ...]:
    """Look every figure up in a release, rounded half away from zero to its decimals.

    Args:
        published: figures to look up.
        release_db: `kto.duckdb` of a release, read only.

    Raises:
        duckdb.Error: the file is no release, or lacks a table or column that a figure names.

    """
    with duckdb.connect(str(release_db), read_only=True) as release:
        return tuple(Comparison(figure, _computed(release, figure)) for figure in published)


def _computed(release: duckdb.DuckDBPyConnection, figure: PublishedFigure) -> Decimal | None:
    table = f'marts."{figure.table}"'
    described = release.execute(f"describe {table}").fetchall()
    present = {row[0] for row in described}
    wanted = {name: getattr(figure, name) for name in KEY if getattr(figure, name)}
    wanted |= {name: getattr(figure, name) for name in DETAIL if name in present}
    condition = " and ".join(f'"{name}" = ?' for name in wanted)
    found = release.execute(
        f'select cast("{figure.column}" as decimal(18, 6)) from {table} where {condition}',
        list(wanted.values()),
    ).fetchone()
    if found is None or found[0] is None:
        return None
    value: Decimal = found[0]
    return half_away(value, figure.decimals)
