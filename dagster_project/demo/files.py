"""Rows of text to the bytes of one delivery, in the format and style it asks for.

Belongs here: csv, parquet and sav, dates, decimals, encodings. Does not belong here: contents.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import pyreadstat

from dagster_project.demo.mess import UNKNOWN_HEADER
from dagster_project.demo.shapes import Delivery
from dagster_project.demo.tables import DemoTables

DATES = frozenset({"contact_date"})
MOMENTS = frozenset({"submitted_at", "sent_at", "reminded_at"})
USER_MISSING = 99
DELIMITERS = {"tab": "\t"}
# A .sav file starts with a record that holds the moment it was made: made constant, so that the
# same rows are the same bytes.
SAV_MADE_AT = slice(92, 109)
SAV_MADE = b"12 Oct 2009:00:00"


def render(tables: DemoTables, delivery: Delivery, rows: pl.DataFrame) -> bytes:
    """Write rows (a column of text per field) as the delivery's format.

    Raises:
        KeyError: `deliveries.csv` asks for a format that is not written here.

    """
    headers = {k: v for k, v in tables.headers_of(delivery.feed).items() if k in rows.columns}
    headers |= {
        name: name.removeprefix(UNKNOWN_HEADER)
        for name in rows.columns
        if name.startswith(UNKNOWN_HEADER)
    }
    kinds = {q.name: q.kind for q in tables.questions.get(delivery.feed, ())}
    code = cs.by_name("organisation_code", require_all=False)
    rows = rows.select(list(headers)).with_columns(
        code.str.slice(int(delivery.style["code_from"] or 0))
    )
    return _WRITERS[delivery.style["format"]](rows, headers, kinds, delivery)


def _csv(
    rows: pl.DataFrame, headers: dict[str, str], kinds: dict[str, str], delivery: Delivery
) -> bytes:
    style = delivery.style
    styled = []
    for name in rows.columns:
        if name in DATES | MOMENTS:
            styled.append(_dated(name, style["date_format" if name in DATES else "moment_format"]))
        elif kinds.get(name) == "grade" and style["decimal"] != ".":
            number = pl.col(name).str.contains(r"^\d+\.\d+$")
            comma = pl.col(name).str.replace(".", style["decimal"], literal=True)
            styled.append(pl.when(number).then(comma).otherwise(name).alias(name))
    text = (
        rows.with_columns(styled)
        .rename(headers)
        .with_columns(pl.all().replace("", None))
        .write_csv(separator=DELIMITERS.get(style["delimiter"], style["delimiter"]))
    )
    return text.encode(style["encoding"])


def _dated(name: str, layout: str) -> pl.Expr:
    moment = pl.col(name).str.slice(0, 19).str.to_datetime(strict=False)
    moment = moment.fill_null(
        pl.col(name).str.slice(0, 10).str.to_datetime("%Y-%m-%d", strict=False)
    )
    return moment.dt.strftime(layout).fill_null(pl.col(name)).alias(name)


def _typed(rows: pl.DataFrame, kinds: dict[str, str]) -> pl.DataFrame:
    """Numbers and dates as such; an answer in words becomes the user-missing code."""
    casts = []
    for name in rows.columns:
        column = pl.col(name).replace("", None)
        if kinds.get(name) in {"grade", "code"}:
            number = column.cast(pl.Float64, strict=False)
            words = pl.when(column.is_not_null()).then(pl.lit(float(USER_MISSING)))
            column = number.fill_null(words)
        elif name in DATES:
            column = column.str.to_date()
        elif name in MOMENTS:
            column = column.str.to_datetime()
        casts.append(column.alias(name))
    return rows.with_columns(casts)


def _parquet(
    rows: pl.DataFrame, headers: dict[str, str], kinds: dict[str, str], delivery: Delivery
) -> bytes:
    del delivery
    whole = [pl.col(name).cast(pl.Int64) for name, kind in kinds.items() if kind == "code"]
    buffer = io.BytesIO()
    _typed(rows, kinds).with_columns(whole).rename(headers).write_parquet(buffer)
    return buffer.getvalue()


def _sav(
    rows: pl.DataFrame, headers: dict[str, str], kinds: dict[str, str], delivery: Delivery
) -> bytes:
    del delivery
    asked = [headers[name] for name, kind in kinds.items() if kind in {"grade", "code"}]
    data: Any = _typed(rows, kinds).rename(headers).to_pandas()
    missing = {header: [USER_MISSING] for header in asked}
    labels = {header: {USER_MISSING: "geen antwoord"} for header in asked}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "delivery.sav"
        pyreadstat.write_sav(
            data,
            str(path),
            missing_ranges=missing,
            variable_value_labels=labels,
            variable_format={headers[name]: "DATE11" for name in DATES & headers.keys()},
        )
        content = bytearray(path.read_bytes())
    content[SAV_MADE_AT] = SAV_MADE
    return bytes(content)


_WRITERS = {"csv": _csv, "parquet": _parquet, "sav": _sav}
