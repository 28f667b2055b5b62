"""What the gates found.

Belongs here: the outcome and its one-line form. Does not belong here: judging.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Expected(NamedTuple):
    """One expectation and its outcome; `detail` says what was expected, or what went wrong."""

    table: str
    expectation: str
    success: bool
    detail: str


@dataclass(frozen=True)
class GateResult:
    """Outcome of all expectations; `success` is False as well when none could be evaluated."""

    success: bool
    expectations: tuple[Expected, ...]

    @property
    def failures(self) -> tuple[Expected, ...]:
        """What was not met."""
        return tuple(one for one in self.expectations if not one.success)

    def summary(self) -> str:
        """One line for people."""
        failed = [f"{one.table}: {one.detail}" for one in self.failures]
        met = f"{len(self.expectations) - len(failed)} of {len(self.expectations)} met"
        return met + (f"; not met: {'; '.join(failed)}" if failed else "")
