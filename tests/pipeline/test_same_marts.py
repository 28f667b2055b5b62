"""However the same answers are delivered, the same marts come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest
import small_feeds
from conftest import install

from dagster_project.pipeline import refresh
from dagster_project.settings import Settings

Tables = dict[str, list[dict[str, Any]]]
Writer = Callable[[pl.DataFrame, Path], None]


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


def deliver_as(writer: Writer) -> Callable[[Settings], None]:
    def deliver(settings: Settings) -> None:
        for feed, frame in small_feeds.quarter().items():
            folder = settings.landing / feed / "2020"
            folder.mkdir(parents=True)
            writer(frame, folder / "20210105 vierde kwartaal")
        refresh(settings)

    return deliver


def deliver_split_backwards(settings: Settings) -> None:
    """Two files a feed in two runs, the later first, the invitations last of all."""
    feeds = small_feeds.quarter()
    later = {feed: frame.tail(-5) for feed, frame in feeds.items() if feed != "invitations"}
    earlier = {feed: frame.head(5) for feed, frame in feeds.items() if feed != "invitations"}
    small_feeds.deliver(settings, later, "2021-01-05 second half")
    refresh(settings)
    small_feeds.deliver(settings, earlier, "2021-01-04 first half")
    small_feeds.deliver(settings, {"invitations": feeds["invitations"]}, "2021-01-03 batch")
    refresh(settings)


@pytest.fixture(scope="module")
def plain(module_settings: Settings) -> Tables:
    small_feeds.deliver(module_settings, small_feeds.quarter(), "2021-01-05 Q4")
    refresh(module_settings)
    return small_feeds.released_tables(module_settings)


@pytest.mark.parametrize(
    "deliver",
    [
        pytest.param(deliver_as(comma_windows_1252), id="comma and Windows-1252"),
        pytest.param(deliver_as(tab_with_bom_and_dutch_dates), id="tab, BOM and Dutch dates"),
        pytest.param(deliver_as(excel), id="xlsx"),
        pytest.param(deliver_as(parquet), id="parquet"),
        pytest.param(deliver_as(spss), id="sav"),
        pytest.param(deliver_split_backwards, id="split over runs, in reverse"),
    ],
)
def test_same_answers_make_the_same_marts(
    plain: Mapping[str, Any], tmp_path: Path, deliver: Callable[[Settings], None]
) -> None:
    settings = install(tmp_path)
    deliver(settings)
    tables = small_feeds.released_tables(settings)
    assert tables.keys() == plain.keys()
    for name, rows in tables.items():
        assert rows == plain[name], name
