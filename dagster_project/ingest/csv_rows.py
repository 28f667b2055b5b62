"""Rows of a CSV file that a user typed, with every fault noted where it stands.

Belongs here: what commands that read such files share: columns, rows, faults. Does not belong here:
what a column means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from dagster_project.codebook.cells import BadCellError
from dagster_project.codebook.folding import fold
from dagster_project.codebook.problems import Problem
from dagster_project.common.errors import UserError
from dagster_project.ingest.read_csv import open_csv
from dagster_project.ingest.source import DeliveryRejectedError, Reading

T = TypeVar("T")


class ProblemsError(UserError):
    """A file that cannot be used; `problems` holds every fault, by row."""

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

    def text(self, column: str) -> str:
        """Return a cell with each run of blanks as one."""
        return " ".join(self.texts.get(column, "").split())


@dataclass(frozen=True)
class Sheet:
    """A file: its headers as they stand there, its rows with any text, and rows that are not cut.

    Each line has the columns that were asked for.
    """

    file: str
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    malformed: tuple[Problem, ...]

    def named(self, name: str) -> str | None:
        """Return the header that is this name, without regard to case."""
        return next((one for one in self.header if fold(one) == name), None)


def read_sheet(
    path: Path,
    required: Sequence[str],
    fault: type[ProblemsError],
    *,
    advice: str,
    known: Collection[str] | None = None,
) -> Sheet:
    """Read a CSV file: `;`, `,` or tab, UTF-8 or Windows-1252, headers without regard to case.

    Args:
        path: the file.
        required: columns that must be there, folded.
        fault: what is raised.
        advice: what to do where it is no CSV file.
        known: columns that are read, folded; all where it is None.

    Raises:
        ProblemsError: of the kind `fault`: it cannot be read, lacks a column or has one twice.

    """
    file = str(path)
    try:
        source = open_csv(path, Reading())
        header = tuple(name for name in source.header if name.strip())
        if problems := _of_header(file, header, required, known):
            raise fault(problems)
        columns = [name for name in header if known is None or fold(name) in known]
        batches = list(source.batches(columns))
    except OSError as error:
        why = f"the file cannot be read ({error.strerror}); name a CSV file that can"
        raise fault([Problem(file, None, None, why)]) from None
    except DeliveryRejectedError as error:
        raise fault([Problem(file, None, None, f"{error}; {advice}")]) from None
    return Sheet(
        file,
        header,
        tuple(
            Line(file, texts.pop("row"), texts)
            for batch in batches
            for texts in batch.frame.iter_rows(named=True)
        ),
        tuple(
            Problem(file, row, None, f"{why}; quote texts with commas, or separate cells by ;")
            for batch in batches
            for row, why in batch.malformed.iter_rows()
        ),
    )


def _of_header(
    file: str, header: Sequence[str], required: Sequence[str], known: Collection[str] | None
) -> list[Problem]:
    times = Counter(fold(name) for name in header)
    hint = "; separate columns by ; or , or tab" if len(header) == 1 else ""
    return [
        Problem(file, 1, name, "the column is there more than once; remove the others")
        for name in (times if known is None else known)
        if times[name] > 1
    ] + [
        Problem(file, 1, name, f"the column is missing; add it{hint}")
        for name in required
        if not times[name]
    ]
