"""True cells and how they add up, read a second time: plain loops, no frames.

Belongs here: what there is. Does not belong here: what must hold of a pattern (oracles).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
from linear_oracles import NEAR
from made_cells import BASE, CELL, DIMENSIONS, Key

Row: TypeAlias = dict[str, Any]
Equation: TypeAlias = tuple[Key, tuple[Key, ...]]
"""A parent and the children that it is the sum of."""


@dataclass(frozen=True)
class Question:
    """One measure (and answer) of one group, in the cells that have a row of it."""

    group: str
    measure: str
    kind: str
    rows: Mapping[Key, Row]


@dataclass(frozen=True)
class Truth:
    """All cells of one input of `protect`, the equations between them, and the rules."""

    base: Mapping[Key, Row]
    questions: tuple[Question, ...]
    partitions: Mapping[tuple[str, ...], tuple[str, ...]]
    rules: Mapping[str, Any]

    @classmethod
    def of(cls, cells: pa.Table, hierarchies: pa.Table, rules: Mapping[str, Any]) -> Truth:
        base: dict[Key, Row] = {}
        asked: dict[tuple[str, str, str, str], dict[Key, Row]] = defaultdict(dict)
        for row in cells.to_pylist():
            cell = tuple(row[name] for name in CELL)
            if row["disclosure_group"] != BASE:
                question = (row["disclosure_group"], row["measure"], row["kind"], row["answer"])
                asked[question][cell] = row
            elif row["n"] > 0:
                base[cell] = row
        questions = tuple(
            Question(group, measure, kind, {c: row for c, row in rows.items() if c in base})
            for (group, measure, kind, _), rows in asked.items()
        )
        children: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for row in hierarchies.to_pylist():
            names = ("study", "dimension", "partition", "parent")
            children[tuple(row[name] for name in names)].append(row["child"])
        partitions = {name: tuple(nodes) for name, nodes in children.items()}
        return cls(base, questions, partitions, rules)

    def equations(self, existing: Collection[Key]) -> Iterator[Equation]:
        """Yield each sum that holds between these cells; an absent child is zero."""
        by_parent = defaultdict(list)
        for (study, dimension, _, parent), children in self.partitions.items():
            by_parent[study, dimension, parent].append(children)
        for cell in existing:
            for dimension in DIMENSIONS:
                for children in by_parent.get((cell[0], dimension, _node(cell, dimension)), ()):
                    there = (_moved(cell, dimension, child) for child in children)
                    parts = tuple(child for child in there if child in existing)
                    if parts:  # products have no segments, nor segments products
                        yield cell, parts

    def min_n(self, cell: Key) -> int:
        return int(self.rules[cell[0]].min_n)

    def small(self, cell: Key, row: Row) -> bool:
        """Whether a figure rests on too few to be published."""
        effective = row["n_effective"] if row["n_effective"] is not None else 0.0
        few = row["n"] < self.min_n(cell) or effective < self.min_n(cell) / 2 - NEAR
        return row["n"] > 0 and few


def _node(cell: Key, dimension: str) -> str:
    return cell[CELL.index(dimension)]


def _moved(cell: Key, dimension: str, node: str) -> Key:
    place = CELL.index(dimension)
    return (*cell[:place], node, *cell[place + 1 :])


def coefficients(equations: Iterable[Equation], hidden: Sequence[Key]) -> list[dict[int, int]]:
    """Return the equations between hidden cells: all that is published drops out."""
    place = {cell: i for i, cell in enumerate(hidden)}
    rows: set[frozenset[tuple[int, int]]] = set()
    for parent, children in equations:
        row = {place[child]: -1 for child in children if child in place}
        if parent in place:
            row[place[parent]] = row.get(place[parent], 0) + 1
        rows.add(frozenset((i, x) for i, x in row.items() if x))
    return [dict(row) for row in sorted(rows, key=sorted) if row]
