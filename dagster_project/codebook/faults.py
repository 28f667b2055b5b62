"""What a check between rows returns, before it is worded for the user.

Belongs here: the shape of a fault and of a check. Does not belong here: any check.
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


Check = Callable[[Codebook], Iterator[Fault]]
"""Finds every breach of one rule; a row whose references do not resolve is passed over."""
