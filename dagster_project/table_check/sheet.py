"""A CSV file as texts by row and column, with every fault noted where it stands.

Belongs here: what is the same for the tables and for the file of hierarchies. Does not belong here:
what a column means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from dagster_project.codebook.cells import BadCellError
from dagster_project.codebook.folding import fold
from dagster_project.codebook.problems import Problem
from dagster_project.errors import UserError
from dagster_project.ingest.read_csv import open_csv
from dagster_project.ingest.source import DeliveryRejectedError, Reading

T = TypeVar("T")


class TableError(UserError):
    """The file cannot be used; `problems` holds every fault, by row."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in problems))


@dataclass(frozen=True)
class Line:
    """One row: its number in a spreadsheet, and its texts by header."""

    file: str
    number: int
    texts: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def blame(self, column: str | None, message: str) -> None:
        """Note a fault of this row."""
        self.problems.append(Problem(self.file, self.number, column, message))

    def read(self, column: str, parse: Callable[[str], T], otherwise: T) -> T:
        """Parse a cell; note what is wrong with it and go on with `otherwise`."""
        try:
            return parse(self.texts.get(column, ""))
        except BadCellError as bad:
            self.blame(column, str(bad))
            return otherwise


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
