"""Gives the cells of all versions, and the changes between them, a place each.

Belongs here: which cells of two versions are one, where something changed, how all of it adds up.
Does not belong here: the figures in them (history).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dagster_project.disclosure.block import Equation, Floats, Ints

Version = int
"""A version of the ledger; 0 is now."""


@dataclass
class Places:
    """Where a cell of a version stands.

    `at` has, by version, the place of each cell, shape (cells,): cells of two versions with the
    same figures share it. `owner` is, by place, the version and cell that it was made for; those of
    now come first. `changes` follow them, as (before, after, cell), and `changed` finds them.
    """

    at: dict[Version, Ints] = field(default_factory=dict)
    owner: list[tuple[Version, int]] = field(default_factory=list)
    changes: list[tuple[Version, Version, int]] = field(default_factory=list)
    changed: dict[tuple[Version, Version], dict[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, figures: Mapping[Version, Floats], upwards: Sequence[Equation]) -> Places:
        """Lay out all versions.

        Args:
            figures: by version, all figures of each cell, shape (figures, cells).
            upwards: how cells add up, parts before their totals.

        """
        places = cls()
        earlier = sorted(version for version in figures if version)
        places._lay_out_cells(figures, earlier)
        places._lay_out_changes(earlier, upwards)
        return places

    def _lay_out_cells(self, figures: Mapping[Version, Floats], earlier: Sequence[Version]) -> None:
        size = figures[0].shape[1]
        self.at[0] = np.arange(size)
        self.owner = [(0, cell) for cell in range(size)]
        seen = {(cell, figures[0][:, cell].tobytes()): cell for cell in range(size)}
        for version in reversed(earlier):
            self.at[version] = np.empty(size, dtype=np.int64)
            for cell in range(size):
                key = (cell, figures[version][:, cell].tobytes())
                if key not in seen:
                    seen[key] = len(self.owner)
                    self.owner.append((version, cell))
                self.at[version][cell] = seen[key]

    def _lay_out_changes(self, earlier: Sequence[Version], upwards: Sequence[Equation]) -> None:
        """Give a place to the change of each cell that differs between two versions.

        That is from every earlier version to now, and from each version to the one after it.
        """
        steps = itertools.pairwise(earlier)
        for before, after in (*((version, 0) for version in earlier), *steps):
            differs = set(np.flatnonzero(self.at[before] != self.at[after]).tolist())
            for equation in upwards:
                if differs.intersection(equation.children):
                    differs.add(equation.parent)
            found = self.changed.setdefault((before, after), {})
            for cell in sorted(differs):
                found[cell] = len(self.owner) + len(self.changes)
                self.changes.append((before, after, cell))

    def equations(self, tree: Sequence[Equation]) -> tuple[Equation, ...]:
        """Say how all places add up, if `tree` says how the cells of one version do."""
        found: dict[Equation, None] = {}
        for places in self.at.values():
            for e in tree:
                children = tuple(int(places[child]) for child in e.children)
                found[Equation(int(places[e.parent]), children)] = None
        for (before, after), changes in self.changed.items():
            for e in tree:
                children = tuple(changes[child] for child in e.children if child in changes)
                if e.parent in changes and children:
                    found[Equation(changes[e.parent], children)] = None
            for cell, place in changes.items():
                was, is_now = int(self.at[before][cell]), int(self.at[after][cell])
                if self._age(was) < self._age(is_now):  # not one that came back to what it was
                    found[Equation(is_now, (was, place))] = None
        return tuple(found)

    def _age(self, place: int) -> int:
        """Order the places by the version they are from; those of now come last."""
        version, _ = self.owner[place]
        return version or len(self.owner)
