"""Published tables of one study and organisation, written as counts and totals, for the attack.

A cell is (period, channel, product); None is a hidden row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack import Attack, attack, figures_of

CASES = Path(__file__).resolve().parent / "cases"
CELL = ("study", "organisation_code", "period", "channel", "product_code", "segment")
Place = tuple[str, str, str]
Pair = tuple[int, float]
STUDY = {"study": "s", "organisation_code": "o", "segment": "all", "segment_value": "all"}


def place(cell: Place) -> dict[str, str]:
    return STUDY | dict(zip(("period", "channel", "product_code"), cell, strict=True))


def status(hidden: bool) -> dict[str, str]:
    return {"status": "suppressed" if hidden else "published"}


def kpi(rows: Mapping[Place, Pair | None], metric: str = "grade") -> list[dict[str, object]]:
    """Rows of mart_kpi from (n, total)."""
    return [
        place(cell)
        | {
            "metric": metric,
            "n": pair and pair[0],
            "n_weighted": pair and float(pair[0]),
            "value": pair and pair[1] / pair[0],
            "margin": None,
        }
        | status(pair is None)
        for cell, pair in rows.items()
    ]


def responses(rows: Mapping[Place, int | None]) -> list[dict[str, object]]:
    """Rows of mart_response from the number of respondents."""
    return [place(cell) | {"responses": n} | status(n is None) for cell, n in rows.items()]


KPI_TYPES = pa.schema(
    [
        *((name, pa.string()) for name in (*CELL, "segment_value", "metric", "status")),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("n_weighted", "value", "margin")),
    ]
)
RESPONSE_TYPES = pa.schema(
    [
        *((name, pa.string()) for name in (*CELL[:5], "status")),
        ("responses", pa.int64()),
    ]
)
DISTRIBUTION_TYPES = pa.schema(
    [
        *((name, pa.string()) for name in (*CELL, "segment_value", "metric", "answer", "status")),
        ("n", pa.int64()),
        ("share", pa.float64()),
    ]
)


def release(
    *,
    kpis: Sequence[Mapping[str, object]] = (),
    response: Sequence[Mapping[str, object]] = (),
    distribution: Sequence[Mapping[str, object]] = (),
) -> dict[str, pa.Table]:
    return {
        "mart_kpi": pa.Table.from_pylist(list(kpis), KPI_TYPES),
        "mart_response": pa.Table.from_pylist(list(response), RESPONSE_TYPES),
        "mart_distribution": pa.Table.from_pylist(list(distribution), DISTRIBUTION_TYPES),
    }


def tree(*partitions: tuple[str, str, Iterable[str]]) -> pa.Table:
    """Hierarchies from (dimension, parent, children)."""
    rows = [
        ("s", dimension, f"{dimension}{number}", parent, child)
        for number, (dimension, parent, children) in enumerate(partitions)
        for child in children
    ]
    names = ("study", "dimension", "partition", "parent", "child")
    return pa.table(
        {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)}
    )


def scales(**kinds: tuple[str, float, float]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"study": "s", "metric": metric, "kind": kind, "low": low, "high": high}
            for metric, (kind, low, high) in kinds.items()
        ]
    )


GRADE = scales(grade=("mean", 1.0, 10.0))


def figures(*vintages: Mapping[str, pa.Table], known: pa.Table = GRADE) -> pa.Table:
    """The figures of what is under attack, then those of the earlier vintages, oldest first."""
    return pa.concat_tables(
        [figures_of(tables, known, vintage=number) for number, tables in enumerate(vintages)]
    )


def attacked(
    published: Mapping[str, pa.Table],
    hierarchies: pa.Table,
    known: pa.Table = GRADE,
    **more: object,
) -> Attack:
    """The attack on one vintage."""
    return attack(figures(published, known=known), hierarchies, known, **more)


def found(
    result: Attack,
    measure: str,
    figure: str,
    *,
    at: Place | None = None,
    vintage: int = 0,
    since: int | None = None,
    answer: str | None = None,
) -> list[tuple[float, float, bool]]:
    """(low, high, exact) of the intervals asked for, in the order of their cells."""
    rows = pl.DataFrame(result.intervals).filter(
        (pl.col("measure") == measure)
        & (pl.col("figure") == figure)
        & (pl.col("vintage") == vintage)
        & pl.col("since").eq_missing(pl.lit(since, pl.Int32))
        & pl.col("answer").eq_missing(pl.lit(answer, pl.String))
    )
    if at is not None:
        period, channel, product = at
        rows = rows.filter(
            (pl.col("period") == period)
            & (pl.col("channel") == channel)
            & (pl.col("product_code") == product)
        )
    return rows.sort(CELL).select("low", "high", "exact").rows()


def unions(result: Attack) -> list[tuple[str, int, int | None, int, list[str]]]:
    """(measure, vintage, since, weight, members) of the small unions."""
    columns = ("measure", "vintage", "since", "weight", "members")
    return [tuple(row[name] for name in columns) for row in result.unions.to_pylist()]


def case(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
