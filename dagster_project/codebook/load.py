"""From `seeds/*.csv` to a codebook that can be trusted, or to all that is wrong with it.

Belongs here: reading files, headers and cells. Does not belong here: rules between rows (check.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.codebook.cells import BadCellError
from dagster_project.codebook.check import check
from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.folding import fold
from dagster_project.codebook.model import Row
from dagster_project.codebook.problems import CodebookError, Problem
from dagster_project.codebook.tables import TABLES, Table


@dataclass
class Read:
    """What came out of one file; not `whole` when a row had to be left out."""

    table: Table
    file: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True

    def blame(self, row: int | None, column: str | None, message: str) -> None:
        """Note a problem of this file."""
        self.problems.append(Problem(self.file, row, column, message))

    def give_up(self, row: int | None, column: str | None, message: str) -> None:
        """Note a problem after which rows of this file are missing."""
        self.blame(row, column, message)
        self.whole = False


def load_codebook(seeds: Path) -> Codebook:
    """Read and check the whole codebook.

    Args:
        seeds: the folder that holds the CSV files.

    Raises:
        CodebookError: something is wrong; it carries every problem that was found.

    """
    codebook, problems = read_codebook(seeds)
    if problems:
        raise CodebookError(problems)
    return codebook


def read_codebook(seeds: Path) -> tuple[Codebook, tuple[Problem, ...]]:
    """Give all rows that could be read, and all problems, by file and row."""
    reads = [_read(seeds, table) for table in TABLES]
    rows: dict[str, Any] = {read.table.name: tuple(read.rows) for read in reads}
    codebook = Codebook(**rows)
    found = [problem for read in reads for problem in read.problems]
    whole = frozenset(read.table.name for read in reads if read.whole)
    found += check(codebook, whole, seeds.name)
    order = {read.file: place for place, read in enumerate(reads)}
    found.sort(key=lambda problem: (order[problem.file], problem.row or 0))
    return codebook, tuple(dict.fromkeys(found))


def _read(seeds: Path, table: Table) -> Read:
    """Read one file: header, then rows."""
    path = seeds / f"{table.name}.csv"
    read = Read(table, f"{seeds.name}/{path.name}")
    if not (table.required or path.exists()):
        return read
    lines = _lines(path, read)
    header = next(lines, None)
    if header is None:
        if read.whole:
            columns = ",".join(table.columns)
            read.give_up(None, None, f"the file is empty; start it with the header {columns}")
        return read
    if _header_fits(header, read):
        seen: dict[tuple[str, ...], int] = {}
        for number, cells in enumerate(lines, start=2):
            if cells:
                _add_row(number, header, cells, seen, read)
    return read


def _lines(path: Path, read: Read) -> Iterator[list[str]]:
    """Give the records of a CSV file; nothing when it cannot be read."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
        yield from csv.reader(io.StringIO(content, newline=""), strict=True)
    except FileNotFoundError:
        read.give_up(None, None, "the file is missing; restore it, if need be with its header only")
    except OSError as error:
        read.give_up(None, None, f"the file cannot be opened ({error.strerror}); make it readable")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        read.give_up(None, None, f"line {line} is not UTF-8; save the file as CSV UTF-8")
    except csv.Error as error:
        read.give_up(None, None, f"the file is not CSV ({error}); check its quotes")


def _header_fits(header: Sequence[str], read: Read) -> bool:
    """Tell whether the header names every column once and nothing else."""
    expected = read.table.columns
    if len(header) == 1 and len(expected) > 1:
        read.give_up(1, None, f"the header is one column; separate {','.join(expected)} by commas")
        return False
    for name in sorted(set(header) - set(expected), key=header.index):
        read.give_up(1, name, f"the column is unknown; use only {', '.join(expected)}")
    for name in expected:
        if name not in header:
            read.give_up(1, name, "the column is missing; add it to the header and to every row")
        elif header.count(name) > 1:
            read.give_up(1, name, "the column is there more than once; remove the others")
    return read.whole


def _add_row(
    number: int,
    header: Sequence[str],
    cells: list[str],
    seen: dict[tuple[str, ...], int],
    read: Read,
) -> None:
    """Parse one record; a row with a cell that cannot be understood is left out."""
    if len(cells) != len(header):
        read.give_up(
            number,
            None,
            f"the row has {len(cells)} cells and the header {len(header)}; check commas and quotes",
        )
        return
    texts = dict(zip(header, cells, strict=True))
    _notice_repeat(number, texts, seen, read)
    values: dict[str, Any] = {}
    for name, parse in read.table.cells.items():
        cell = texts[name]
        if cell != cell.strip():
            read.blame(number, name, f"'{cell}' has blanks around it; remove them")
        try:
            values[name] = parse(cell.strip())
        except BadCellError as bad:
            read.blame(number, name, str(bad))
            if bad.usable:
                values[name] = bad.fallback
    if len(values) == len(header):
        read.rows.append(read.table.row_type(**values, row=number))
    else:
        read.whole = False


def _notice_repeat(
    number: int, texts: dict[str, str], seen: dict[tuple[str, ...], int], read: Read
) -> None:
    """Blame a row whose key another row already has."""
    names = read.table.key
    first = seen.setdefault(tuple(fold(texts[name]) for name in names), number)
    if first != number:
        shown = ", ".join(f"{name} '{texts[name].strip()}'" for name in names)
        read.blame(number, names[-1], f"{shown} repeats row {first}; keep one of the two")
