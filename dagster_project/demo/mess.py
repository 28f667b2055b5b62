"""What is wrong on purpose: rows of `mess.csv` applied to the rows of one delivery.

Belongs here: faults that leave the counted answers as they are. Does not belong here: drawing them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from dagster_project.demo.draws import generator
from dagster_project.demo.shapes import Delivery, Row
from dagster_project.demo.tables import DemoTables

UNKNOWN_HEADER = "?"
"""Prefix of a column that the codebook does not know; what follows is its header."""


@dataclass(frozen=True)
class Messed:
    """A delivery's rows with faults, and the rows of later deliveries that mend them, by file."""

    rows: pl.DataFrame
    corrections: dict[str, pl.DataFrame]


def make_mess(tables: DemoTables, delivery: Delivery, rows: pl.DataFrame) -> Messed:
    """Apply every fault of one delivery to its frame of text."""
    where = (delivery.feed, str(delivery.year), str(delivery.quarter), delivery.group)
    corrections: dict[str, pl.DataFrame] = {}
    clean = rows
    for number, fault in enumerate(tables.rows("mess")):
        if (fault["feed"], fault["year"], fault["quarter"], fault["group"]) != where:
            continue
        rng = generator(tables, "mess", *where, number)
        chosen = sorted(rng.permutation(clean.height)[: int(fault["rows"])].tolist())
        if fault["file"]:
            corrections[f"{delivery.year}/{fault['file']}"] = clean[chosen]
        rows = _FAULTS[fault["kind"]](rows, clean, chosen, fault, number)
    return Messed(rows, corrections)


def _bad(
    rows: pl.DataFrame, clean: pl.DataFrame, at: list[int], fault: Row, number: int
) -> pl.DataFrame:
    return rows.vstack(_set(_fresh(clean[at], number), fault))


def _same_id(
    rows: pl.DataFrame, clean: pl.DataFrame, at: list[int], fault: Row, number: int
) -> pl.DataFrame:
    pair = _fresh(clean[at], number)
    return rows.vstack(pair).vstack(_set(pair, fault))


def _repeat(
    rows: pl.DataFrame, clean: pl.DataFrame, at: list[int], fault: Row, number: int
) -> pl.DataFrame:
    del fault, number
    return rows.vstack(clean[at])


def _spoil(
    rows: pl.DataFrame, clean: pl.DataFrame, at: list[int], fault: Row, number: int
) -> pl.DataFrame:
    del number
    ids = _keys(clean[at])
    spoiled = pl.concat_str(_KEY, separator=" ").is_in(ids)
    return rows.with_columns(
        pl.when(spoiled).then(pl.lit(fault["value"])).otherwise(name).alias(name)
        for name in fault["field"].split("|")
    )


def _second_answer(
    rows: pl.DataFrame, clean: pl.DataFrame, at: list[int], fault: Row, number: int
) -> pl.DataFrame:
    del at
    invited = clean.filter(pl.col("invitation_id") != "").head(int(fault["rows"]))
    later = [
        (datetime.fromisoformat(moment) + timedelta(hours=26)).isoformat()
        for moment in invited["submitted_at"]
    ]
    again = _fresh(invited, number).with_columns(
        invited["invitation_id"], pl.Series("submitted_at", later, dtype=pl.String)
    )
    return rows.vstack(again)


def _lost_invitation(
    rows: pl.DataFrame, clean: pl.DataFrame, at: list[int], fault: Row, number: int
) -> pl.DataFrame:
    del at
    lost = _keys(clean.filter(pl.col("invitation_id") == "").head(int(fault["rows"])))
    named = pl.lit(f"ZOEK-{number}-") + pl.col("response_id")
    return rows.with_columns(
        pl.when(pl.concat_str(_KEY, separator=" ").is_in(lost))
        .then(named)
        .otherwise("invitation_id")
        .alias("invitation_id")
    )


def _extra_column(
    rows: pl.DataFrame, clean: pl.DataFrame, at: list[int], fault: Row, number: int
) -> pl.DataFrame:
    del clean, at, number
    return rows.with_columns(pl.lit(fault["value"]).alias(UNKNOWN_HEADER + fault["field"]))


_KEY = ("organisation_code", "response_id")
_FAULTS: dict[str, Callable[[pl.DataFrame, pl.DataFrame, list[int], Row, int], pl.DataFrame]] = {
    "bad": _bad,
    "same_id": _same_id,
    "repeat": _repeat,
    "correct": _spoil,
    "second_answer": _second_answer,
    "lost_invitation": _lost_invitation,
    "extra_column": _extra_column,
}


def _keys(rows: pl.DataFrame) -> list[str]:
    return rows.select(pl.concat_str(_KEY, separator=" ")).to_series().to_list()


def _fresh(rows: pl.DataFrame, number: int) -> pl.DataFrame:
    """Give copies an id of their own and, where they answer an invitation, none."""
    new = [f"N{number:02}-{i:05}" for i in range(rows.height)]
    if "response_id" in rows.columns:
        return rows.with_columns(
            pl.Series("response_id", new, dtype=pl.String), pl.lit("").alias("invitation_id")
        )
    return rows.with_columns(pl.Series("invitation_id", new, dtype=pl.String))


def _set(rows: pl.DataFrame, fault: Row) -> pl.DataFrame:
    fields: Iterable[str] = fault["field"].split("|")
    return rows.with_columns(pl.lit(fault["value"]).alias(name) for name in fields)
