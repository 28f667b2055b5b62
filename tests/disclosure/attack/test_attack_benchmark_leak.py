"""Five municipalities, each protected on its own, with and without a row that adds them up."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
from attack_tables import CELL, attacked, case, release, tree

NAMES = {
    "mun": "organisation_code",
    "chan": "channel",
    "prod": "product_code",
    "quart": "period",
}
ROWS = [row for row in case("benchmark_leak.csv") if row["status"] != "E"]
HIDDEN = [row for row in ROWS if row["status"] in "UM"]


def cell(row: dict[str, str]) -> dict[str, str]:
    place = {name: row[short].replace("T", "all") for short, name in NAMES.items()}
    return {"study": "s", "segment": "all", **place}


def children(short: str) -> list[str]:
    return sorted({row[short] for row in ROWS} - {"T"})


def published(rows: list[dict[str, str]]) -> dict[str, pa.Table]:
    figures = [
        cell(row)
        | {
            "segment_value": "all",
            "metric": "grade",
            "status": "suppressed" if row["status"] in "UM" else "published",
        }
        | (
            {}
            if row["status"] in "UM"
            else {"n": int(row["n"]), "n_weighted": float(row["n"])}
            | {"value": float(row["s"]) / int(row["n"])}
        )
        for row in rows
    ]
    return release(kpis=figures)


NO_BOUNDS = pa.schema(
    [
        *((name, pa.string()) for name in (*CELL, "measure", "figure")),
        ("vintage", pa.int64()),
        *((name, pa.float64()) for name in ("low", "high")),
    ]
).empty_table()
"""Targets of somebody who wants to know what is exact, not how near the bounds are."""
WITHIN = [(name, "all", children(short)) for short, name in NAMES.items() if short != "mun"]
ACROSS = ("organisation_code", "all", children("mun"))


def test_each_municipality_on_its_own_tells_nothing_exactly():
    alone = [row for row in ROWS if row["mun"] != "T"]

    intervals = attacked(published(alone), tree(*WITHIN))

    rows = pl.DataFrame(intervals.intervals).filter(pl.col("measure") == "grade")
    assert rows.filter(pl.col("figure") == "n").height == len(HIDDEN) == 301
    assert not rows["exact"].any()


def test_an_additive_row_over_municipalities_tells_61_of_them_25_primary():
    shown, across = published(ROWS), tree(*WITHIN, ACROSS)
    intervals = attacked(shown, across, targets=NO_BOUNDS, explain=False)

    rows = pl.DataFrame(intervals.intervals).filter(pl.col("measure") == "grade")
    exact = rows.filter(pl.col("exact") & (pl.col("figure") == "total")).select(CELL)
    truth = pl.DataFrame([cell(row) | {"status": row["status"]} for row in HIDDEN])
    leaked = exact.join(truth, on=CELL)
    assert leaked.height == 61
    assert leaked.filter(pl.col("status") == "U").height == 25


def test_bounds_of_respondents_are_those_of_the_reference_attack():
    counts = [
        cell(row)
        | {"status": "suppressed" if row["status"] in "UM" else "published"}
        | {"responses": None if row["status"] in "UM" else int(row["n"])}
        for row in ROWS
    ]

    intervals = attacked(release(response=counts), tree(*WITHIN, ACROSS))

    rows = pl.DataFrame(intervals.intervals).select(*CELL, "low", "high")
    expected = pl.DataFrame(
        [
            cell(row)
            | {
                "low": abs(round(float(row["attack_lo"]), 6)),
                "high": round(float(row["attack_hi"]), 6),
            }
            for row in HIDDEN
        ]
    ).select(rows.columns)
    assert rows.sort(CELL).equals(expected.sort(CELL))
