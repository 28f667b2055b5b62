"""The rows of a table, or of a file of hierarchies, or all that is wrong with them.

Belongs here: what is the same for both files. Does not belong here: what a column means.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dagster_project.codebook.problems import Problem
from dagster_project.ingest import csv_rows
from dagster_project.ingest.csv_rows import Line, ProblemsError, Sheet


class TableError(ProblemsError):
    """A file of tables or hierarchies that cannot be used."""


def read_sheet(path: Path, required: Sequence[str]) -> Sheet:
    """Read a CSV file with every column that it has.

    Raises:
        TableError: it cannot be read, lacks a column, or has no rows.

    """
    sheet = csv_rows.read_sheet(path, required, TableError, advice="save it as a CSV file")
    if sheet.malformed:
        raise TableError(sheet.malformed)
    if not sheet.lines:
        raise TableError([Problem(sheet.file, None, None, "no rows; write one row per cell")])
    return sheet


def raise_any(lines: Sequence[Line]) -> None:
    """Raise what was noted of rows, in their order.

    Raises:
        TableError: something was.

    """
    if problems := [problem for line in lines for problem in line.problems]:
        raise TableError(problems)
