"""A CSV file as texts by row and column, with every fault noted where it stands.

Belongs here: what is the same for the tables and for the file of hierarchies. Does not belong here:
what a column means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_project.codebook.csv_rows import Line, ProblemsError
from dagster_project.codebook.folding import fold
from dagster_project.codebook.problems import Problem
from dagster_project.ingest.read_csv import open_csv
from dagster_project.ingest.source import DeliveryRejectedError, Reading


class TableError(ProblemsError):
    """A file of tables or hierarchies that cannot be used."""


@dataclass(frozen=True)
class Sheet:
    """A file: its headers as they stand there, and its rows with any text."""

    file: str
    header: tuple[str, ...]
    lines: tuple[Line, ...]

    def named(self, name: str) -> str | None:
        """Return the header that is this name, without regard to case."""
        return next((one for one in self.header if fold(one) == name), None)


def read_sheet(path: Path, required: Sequence[str]) -> Sheet:
    """Read a CSV file: `;`, `,` or tab, UTF-8 or Windows-1252.

    Raises:
        TableError: it cannot be read, or lacks a column.

    """
    file = str(path)
    try:
        source = open_csv(path, Reading())
        header = tuple(name for name in source.header if name.strip())
        _judge_header(file, header, required)
        batches = list(source.batches(list(header)))
    except OSError as error:
        why = f"the file cannot be read ({error.strerror}); name a CSV file that can"
        raise TableError([Problem(file, None, None, why)]) from None
    except DeliveryRejectedError as error:
        raise TableError([Problem(file, None, None, f"{error}; save it as a CSV file")]) from None
    problems = [
        Problem(file, row, None, f"{why}; quote texts with commas, or separate cells by ;")
        for batch in batches
        for row, why in batch.malformed.iter_rows()
    ]
    if problems:
        raise TableError(problems)
    lines = []
    for batch in batches:
        for row in batch.frame.iter_rows(named=True):
            number = row.pop("row")
            lines.append(Line(file, number, row))
    if not lines:
        raise TableError([Problem(file, None, None, "no rows; write one row per cell")])
    return Sheet(file, header, tuple(lines))


def _judge_header(file: str, header: Sequence[str], required: Sequence[str]) -> None:
    times = Counter(fold(name) for name in header)
    problems = [
        Problem(file, 1, name, "the column is there more than once; remove the others")
        for name in dict.fromkeys(map(fold, header))
        if times[name] > 1
    ]
    hint = "; separate columns by ; or , or tab" if len(header) == 1 else ""
    problems += [
        Problem(file, 1, name, f"the column is missing; add it{hint}")
        for name in required
        if not times[name]
    ]
    if problems:
        raise TableError(problems)


def raise_any(lines: Sequence[Line]) -> None:
    """Raise what was noted of rows, in their order.

    Raises:
        TableError: something was.

    """
    if problems := [problem for line in lines for problem in line.problems]:
        raise TableError(problems)
