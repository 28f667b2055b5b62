"""What a check between rows returns, before it is worded for the user.

Belongs here: the shape of a fault and of a check, and how one row is named beside another.
Does not belong here: any check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.model import Row


@dataclass(frozen=True)
class Fault:
    """The row to mend, the column in it, and what is wrong and what to do in one sentence."""

    row: Row
    column: str
    message: str


def row_of(row: Row, beside: Row) -> str:
    """Name a row in a message about another one, with its file if that is not the same."""
    return f"row {row.row}" if row.file == beside.file else f"row {row.row} of {row.file}"


Check = Callable[[Codebook], Iterator[Fault]]
"""Finds every breach of one rule; a row whose references do not resolve is passed over."""
