"""The demo landing as a whole: made in memory, then written beside existing files.

Belongs here: which files there are, and refusing to touch a user's. Does not belong here: contents.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from dagster_project.common.errors import UserError
from dagster_project.common.progress import Progress
from dagster_project.demo.files import render
from dagster_project.demo.mess import make_mess
from dagster_project.demo.respondents import respondents
from dagster_project.demo.shapes import Delivery
from dagster_project.demo.tables import EVERYBODY, DemoTables

STATIC = "files"


def write_demo(landing: Path, progress: Progress) -> None:
    """Lay down the demo deliveries; the same files, byte for byte, each time.

    Files that are there already with the same bytes are left alone.

    Raises:
        UserError: the folder holds files that are not the demo's.

    """
    tables = DemoTables()
    found = _found(landing)
    if tables.settings["key_file"] not in found:
        _refuse(landing, found)
    progress("making up the respondents of the demo")
    files = demo_files(tables)
    _refuse(landing, found - files.keys())
    progress(f"laying down {len(files)} demo files in {landing}")
    for name, content in files.items():
        path = landing / name
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    dated = datetime.fromisoformat(tables.settings["static_file_date"]).replace(tzinfo=UTC)
    for name, _ in _static(tables):
        os.utime(landing / name, (dated.timestamp(), dated.timestamp()))


def demo_files(tables: DemoTables) -> dict[str, bytes]:
    """Every file of the demo landing: path relative to the landing folder -> bytes."""
    files = {tables.settings["key_file"]: f"{tables.settings['key']}\n".encode()}
    for feed, years in _rows_by_feed(tables).items():
        for year, rows in years.items():
            for delivery in tables.deliveries(feed, year):
                files |= _delivered(tables, delivery, rows)
    files |= _static(tables)
    return dict(sorted(files.items()))


def _rows_by_feed(tables: DemoTables) -> dict[str, dict[int, pl.DataFrame]]:
    parts: dict[tuple[str, int], list[pl.DataFrame]] = defaultdict(list)
    inviting = {
        row["study"]: row["feed"] for row in tables.feeds.values() if row["kind"] != "responses"
    }
    for block in tables.blocks:
        answers, invited = respondents(tables, block)
        if answers.height:
            parts[block.feed, block.year].append(answers)
        if invited.height:
            parts[inviting[tables.study_of(block.feed)], block.year].append(invited)
    years: dict[str, dict[int, pl.DataFrame]] = defaultdict(dict)
    for (feed, year), frames in parts.items():
        years[feed][year] = pl.concat(frames)
    return years


def _delivered(tables: DemoTables, delivery: Delivery, rows: pl.DataFrame) -> dict[str, bytes]:
    own = pl.col("quarter") == delivery.quarter
    if delivery.group != EVERYBODY:
        members = [
            code
            for code, row in tables.organisations.items()
            if row["delivery_group"] == delivery.group
        ]
        own &= pl.col("organisation_code").is_in(members)
    messed = make_mess(tables, delivery, rows.filter(own))
    files = {delivery.file: messed.rows, **messed.corrections}
    return {
        f"{delivery.feed}/{name}": render(tables, delivery, part) for name, part in files.items()
    }


def _static(tables: DemoTables) -> Iterator[tuple[str, bytes]]:
    """Files landed as they are: those in a folder named after a feed."""
    root = tables.folder / STATIC
    for feed in tables.feeds:
        for path in sorted((root / feed).glob("**/*")):
            if path.is_file():
                yield path.relative_to(root).as_posix(), path.read_bytes()


def _found(landing: Path) -> set[str]:
    """Existing files, by path relative to the folder; hidden ones are no deliveries."""
    if landing.exists() and not landing.is_dir():
        raise UserError(f"{landing} is not a folder; give the demo a new or empty landing folder")
    return {
        path.relative_to(landing).as_posix()
        for path in landing.rglob("*")
        if not path.is_dir() and not path.name.startswith(".")
    }


def _refuse(landing: Path, others: set[str]) -> None:
    if others:
        raise UserError(
            f"{landing} holds {len(others)} files that are not the demo's, {min(others)} for one; "
            "give the demo a new or empty landing folder"
        )
