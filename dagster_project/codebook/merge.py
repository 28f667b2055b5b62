"""One list of rows from the files of a table: those of the project, then those of an installation.

Belongs here: which row takes the place of which. Does not belong here: reading files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.folding import fold
from dagster_project.codebook.model import Row
from dagster_project.codebook.tables import TABLES, Table


def merged(table: Table, files: Iterable[Sequence[Row]]) -> tuple[Row, ...]:
    """Put the rows of later files in the place of earlier ones with their key, or at the end."""
    rows: list[Row] = []
    for file in files:
        places = {_key(table, row): place for place, row in enumerate(rows)}
        for row in file:
            place = places.get(_key(table, row))
            if place is None:
                rows.append(row)
            else:
                rows[place] = row
    return tuple(rows)


@dataclass(frozen=True)
class Merged:
    """How many rows a file adds to the shipped ones, and how many it replaces."""

    file: str
    added: int
    replaced: int


def told_apart(shipped: Codebook, whole: Codebook) -> Iterator[Merged]:
    """Count the rows that stand in no file of the shipped codebook, by the file they stand in."""
    for table in TABLES:
        before = {_key(table, row): row.file for row in getattr(shipped, table.name)}
        own = [
            row for row in getattr(whole, table.name) if before.get(_key(table, row)) != row.file
        ]
        for file in dict.fromkeys(row.file for row in own):
            keys = [_key(table, row) for row in own if row.file == file]
            replaced = sum(key in before for key in keys)
            yield Merged(file, len(keys) - replaced, replaced)


def _key(table: Table, row: Row) -> tuple[str, ...]:
    """Give what identifies a row; a number is the same however it is written."""
    return tuple(fold(str(getattr(row, name))) for name in table.key)
