"""Rows of a CSV file that somebody typed, with every fault noted where it stands.

Belongs here: what commands that read such files share. Does not belong here: what a column means,
reading the bytes of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dagster_project.codebook.cells import BadCellError
from dagster_project.codebook.problems import Problem
from dagster_project.common.errors import UserError

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
