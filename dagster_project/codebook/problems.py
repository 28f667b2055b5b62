"""What is wrong in the codebook, as sentences that name file, row and column.

Belongs here: the value and the error that carries it. Does not belong here: finding problems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dagster_project.common.errors import UserError


@dataclass(frozen=True)
class Problem:
    """One fault: `row` is the spreadsheet row (header is row 1), None for the whole file."""

    file: str
    row: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        """One line: `seeds/metrics.csv row 12 column decimals: ...`."""
        row = "" if self.row is None else f" row {self.row}"
        column = "" if self.column is None else f" column {self.column}"
        return f"{self.file}{row}{column}: {self.message}"


class CodebookError(UserError):
    """The codebook cannot be used; `problems` holds every fault, by file and row."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        line = str(self.problems[0])
        if len(self.problems) > 1:
            line = (
                f"the codebook has {len(self.problems)} problems, `kto codebook check` lists them; "
                f"the first is {line}"
            )
        super().__init__(line)
