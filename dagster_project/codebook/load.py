"""From CSV files to a codebook that can be trusted, or to all that is wrong with it.

Belongs here: reading files, headers and cells. Does not belong here: which row replaces which
(merge.py), rules between rows (check.py).
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.codebook.cells import BadCellError
from dagster_project.codebook.check import check
from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.folding import fold
from dagster_project.codebook.merge import merged
from dagster_project.codebook.model import Row
from dagster_project.codebook.problems import CodebookError, Problem
from dagster_project.codebook.tables import TABLES, Table

SOMEBODYS_NOTES = ".md"
"""What may lie beside the files in a folder of one's own, as may what is hidden."""


@dataclass
class Read:
    """What came out of one file; not `whole` when a row had to be left out.

    An `own` file is one of the installation: it adds to a shipped one.
    """

    table: Table
    path: Path
    own: bool
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True

    @property
    def file(self) -> str:
        """What messages call the file."""
        return str(self.path) if self.own else f"{self.path.parent.name}/{self.path.name}"

    def blame(self, row: int | None, column: str | None, message: str) -> None:
        """Note a problem of this file."""
        self.problems.append(Problem(self.file, row, column, message))

    def give_up(self, row: int | None, column: str | None, message: str) -> None:
        """Note a problem after which rows of this file are missing."""
        self.blame(row, column, message)
        self.whole = False


def load_codebook(seeds: Path, *own: Path) -> Codebook:
    """Read and check the whole codebook: the one way to it, for every part of the pipeline.

    Args:
        seeds: the folder that holds the shipped CSV files.
        own: folders with files of the same names, whose rows add to or replace those before.

    Raises:
        CodebookError: something is wrong; it carries every problem that was found.

    """
    codebook, problems = read_codebook(seeds, *own)
    if problems:
        raise CodebookError(problems)
    return codebook


def read_codebook(seeds: Path, *own: Path) -> tuple[Codebook, tuple[Problem, ...]]:
    """Give all rows that could be read, and all problems, by file and row."""
    found = [problem for folder in own for problem in _strangers(folder)]
    every: list[Read] = []
    rows: dict[str, Any] = {}
    for table in TABLES:
        files = [_read(Read(table, seeds / table.file, own=False))]
        files += [_read(Read(table, folder / table.file, own=True)) for folder in own]
        rows[table.name] = merged(table, (read.rows for read in files))
        every += files
    codebook = Codebook(**rows)
    found += [problem for read in every for problem in read.problems]
    broken = {read.table.name for read in every if not read.whole}
    found += check(codebook, rows.keys() - broken)
    order = {read.file: place for place, read in enumerate(every)}
    found.sort(key=lambda problem: (order.get(problem.file, -1), problem.row or 0))
    return codebook, tuple(dict.fromkeys(found))


def _strangers(folder: Path) -> Iterator[Problem]:
    """Find what is in a folder of one's own and is no file of the codebook."""
    files = [table.file for table in TABLES]
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        yield Problem(str(folder), None, None, "there is no such folder; make it, or name another")
        return
    except OSError as error:
        yield Problem(str(folder), None, None, f"the folder cannot be read ({error.strerror})")
        return
    for name in names:
        if not (name in files or name.startswith(".") or name.endswith(SOMEBODYS_NOTES)):
            message = f"the codebook has no such file; use only {', '.join(files)}"
            yield Problem(str(folder / name), None, None, message)


def _read(read: Read) -> Read:
    """Read one file: header, then rows."""
    table, path = read.table, read.path
    if (read.own or not table.required) and not os.path.exists(path):  # noqa: PTH110 (never raises)
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
    """Tell whether the header names every column once and nothing else.

    A file of one's own may leave out what may be blank, such as columns that came later.
    """
    expected = read.table.columns
    if len(header) == 1 and len(expected) > 1:
        read.give_up(1, None, f"the header is one column; separate {','.join(expected)} by commas")
        return False
    for name in sorted(set(header) - set(expected), key=header.index):
        read.give_up(1, name, f"the column is unknown; use only {', '.join(expected)}")
    for name in expected:
        if name not in header and not (read.own and _may_be_blank(read.table, name)):
            read.give_up(1, name, "the column is missing; add it to the header and to every row")
        elif header.count(name) > 1:
            read.give_up(1, name, "the column is there more than once; remove the others")
    return read.whole


def _may_be_blank(table: Table, name: str) -> bool:
    try:
        table.cells[name]("")
    except BadCellError:
        return False
    return True


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
        cell = texts.get(name, "")
        if cell != cell.strip():
            read.blame(number, name, f"'{cell}' has blanks around it; remove them")
        try:
            values[name] = parse(cell.strip())
        except BadCellError as bad:
            read.blame(number, name, str(bad))
            if bad.usable:
                values[name] = bad.fallback
    if len(values) == len(read.table.cells):
        read.rows.append(read.table.row_type(**values, row=number, file=read.file))
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
