"""Publishes again what need not be hidden, once a pattern keeps every promise.

Belongs here: the search for a pattern that hides less. Does not belong here: what has to hold.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from dagster_project.disclosure.protect.blocks import Flags
from dagster_project.disclosure.protect.groups import Pattern


class Demands(Protocol):
    """What has to hold of a pattern besides exact recovery and unions."""

    def meet(self) -> None:
        """Hide more until all demands are met."""

    def hold(self) -> bool:
        """Whether all demands are met by what is hidden now."""


def take_back(pattern: Pattern, demands: Demands, needed: Flags | None = None) -> None:
    """Offer every secondary again, the most useful first, until none can be published.

    Publishing one only makes it harder to publish another, so one round is enough. Those known to
    be `needed`, shape (cells,), are not offered.
    """
    secondaries = pattern.hidden & pattern.group.candidates
    cells = np.flatnonzero(secondaries if needed is None else secondaries & ~needed)
    for cell in cells[np.argsort(pattern.group.rank[cells])]:
        if pattern.offer(int(cell)) and not demands.hold():
            pattern.take_back(int(cell))
