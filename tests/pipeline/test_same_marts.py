"""However the same answers are delivered, the same marts come out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest
import small_feeds

from dagster_project.common.settings import Settings
from dagster_project.ingest import read_register
from dagster_project.orchestration.pipeline import refresh

Tables = dict[str, list[dict[str, Any]]]


def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(sorted(frame.columns, key=lambda name: (len(name), name)))


def dutch_date(iso: str) -> str:
    return "-".join(reversed(iso.split("-")))


def comma_windows_1252(frame: pl.DataFrame, path: Path) -> None:
    text = shuffled(frame).write_csv(separator=",", quote_style="always")
    path.with_suffix(".csv").write_bytes(text.encode("cp1252"))


def tab_with_bom_and_dutch_dates(frame: pl.DataFrame, path: Path) -> None:
    dates = [name for name in frame.columns if name.startswith(("datum", "verzonden"))]
    dutch = frame.with_columns(
        pl.col(name).map_elements(dutch_date, return_dtype=pl.String) for name in dates
    )
    renamed = dutch.rename({name: f" {name.upper()} " for name in dutch.columns})
    path.with_suffix(".csv").write_bytes(renamed.write_csv(separator="\t").encode("utf-8-sig"))


def excel(frame: pl.DataFrame, path: Path) -> None:
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook()
    sheet = book.active
    sheet.append(frame.columns)
    for row in typed(frame).iter_rows():
        sheet.append(row)
    book.save(path.with_suffix(".xlsx"))


def parquet(frame: pl.DataFrame, path: Path) -> None:
    typed(shuffled(frame)).write_parquet(path.with_suffix(".parquet"))


def spss(frame: pl.DataFrame, path: Path) -> None:
    pyreadstat.write_sav(
        typed(frame).to_pandas(),
        path.with_suffix(".sav"),
        variable_value_labels={"moeite": {1: "geen", 2: "weinig", 5: "heel veel"}}
        if "moeite" in frame.columns
        else None,
    )


def typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Dates as dates and grades as numbers, as programs that know types deliver them."""
    columns = []
    for name in frame.columns:
        column = pl.col(name)
        if name.startswith(("datum", "verzonden")):
            columns.append(column.str.to_date())
        elif frame[name].replace("", None).cast(pl.Float64, strict=False).null_count() == (
            frame[name].replace("", None).null_count()
        ):
            columns.append(column.replace("", None).cast(pl.Float64))
        else:
            columns.append(column)
    return frame.select(columns)


WRITERS = (comma_windows_1252, tab_with_bom_and_dutch_dates, excel, parquet, spss)


def deliver_parts(settings: Settings, turn: int, parts: Collection[int]) -> None:
    """Land some fifths of every feed, each fifth in the next of the formats."""
    for feed, frame in small_feeds.quarter().items():
        folder = settings.landing / feed / "2020"
        folder.mkdir(parents=True, exist_ok=True)
        for part in parts:
            fifth = frame[part::5]
            write = WRITERS[(turn + part) % len(WRITERS)]
            write(fifth, folder / f"2021010{1 + part} deel {part}")


@pytest.fixture(scope="module")
def plain(small_quarter: Settings) -> Tables:
    return small_feeds.released_tables(small_quarter)


@pytest.mark.parametrize("turn", [0, 2])
def test_every_format_split_over_runs_in_reverse_makes_the_same_marts(
    plain: Tables, settings: Settings, turn: int
) -> None:
    deliver_parts(settings, turn, parts=(3, 4))
    # what is published once would stay as it is
    small_feeds.preview(settings)
    deliver_parts(settings, turn, parts=(2, 0, 1))
    refresh(settings)
    register = read_register(settings.lake)
    assert len(register) == 5 * len(small_feeds.quarter())
    assert all(one.rows_accepted == one.rows_read for one in register)
    tables = small_feeds.released_tables(settings)
    assert tables["mart_kpi"]
    assert tables.keys() == plain.keys()
    for name, rows in tables.items():
        assert rows == plain[name], name
