"""What two vintages of a table tell of the people who changed between them.

Belongs here: comparisons of vintages in a block, unions of few who changed. Does not belong here:
a single vintage, which is a table like any other (choice), how vintages are kept.

A revised table goes into `protect` together with every earlier vintage of it. Each vintage is a
value of its own on the layout's time dimension, with its own totals; what was published of it is
decided. So one system of equations holds all that a reader has, shared periods included, and the
ordinary promises cover every vintage. What is left is the difference w - v of two vintages: the
table of those who changed. A union S of its leaves is known if both vintages together tell it: if
the vectors of w less those of v cancel on S. It is safe if at least `min_n` of those who were
added, removed or changed within their leaf are in it, or if nothing in it changed. Somebody who
moved from one leaf to another is seen by a union that has one of the two, but never helps it to
reach `min_n`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect.elimination import (
    MOST_STATES,
    PRIME,
    UndecidedError,
    relations,
)
from dagster_project.disclosure.protect.rules import Flags, Ints, Layout


@dataclass(frozen=True)
class Movers:
    """Who moved, an entry per pair of leaves: their positions (-1: outside) and `altered`.

    `altered`: those who moved changed their answer as well.
    """

    source: Ints
    target: Ints
    altered: Flags

    def noticed(self, member: Flags) -> Flags:
        """Whether each union shows somebody who moved; `member` has a row per union."""
        inside = np.concatenate([member, np.zeros((len(member), 1), dtype=bool)], axis=1)
        one, other = inside[:, self.source], inside[:, self.target]
        return np.asarray(((one != other) | (self.altered & (one | other))).any(axis=1))


@dataclass(frozen=True)
class Comparison:
    """Two vintages of the leaves of a block.

    `after` and `before` are positions of the same leaf in both, -1 where it has no row; `people`
    are those added, removed or changed within it, by measure.
    """

    after: Ints
    before: Ints
    people: Mapping[str, Ints]
    movers: Mapping[str, Movers]

    @property
    def measures(self) -> set[str]:
        """Measures in which anything changed."""
        return {*self.people, *self.movers}

    def of(self, measure: str) -> tuple[Ints, Movers | None]:
        """Return who changed in a measure: people by leaf, and who moved."""
        nobody = np.zeros(len(self.after), dtype=np.int64)
        return self.people.get(measure, nobody), self.movers.get(measure)


@dataclass(frozen=True)
class Vintages:
    """Which vintages to compare, and who changed between them.

    `pairs` has the layout's table column, `since` (number of a comparison), `after` and `before`
    (values on the time dimension). `changed` has the layout's columns of a leaf in the later
    vintage, `since`, `measure` and `people`: respondents added, removed or changed in any way
    within that leaf. `moved` has the same for where they were, `to_<dimension>` for where they are
    (null: outside the table) and `altered`.
    """

    pairs: pa.Table
    changed: pa.Table
    moved: pa.Table

    def ties(self, layout: Layout) -> Iterator[tuple[str, str, str]]:
        """Yield table, after and before: values that one block must hold."""
        columns = (layout.table, "after", "before")
        yield from pl.DataFrame(self.pairs).select(columns).unique().sort(columns).iter_rows()

    def of_block(
        self, cells: Sequence[tuple[str, ...]], leaf: Flags, layout: Layout
    ) -> tuple[Comparison, ...]:
        """Lay out the comparisons of a block.

        Args:
            cells: its cells, by the layout's columns.
            leaf: which of them are no totals, shape (cells,).
            layout: the columns that name a cell.

        """
        time = layout.cell.index(layout.time)
        times = {cell[time] for cell in cells}
        position = {cell: number for number, cell in enumerate(cells)}
        own = pl.col(layout.table) == cells[0][0]
        found = []
        pairs = pl.DataFrame(self.pairs).filter(
            own, pl.col("after").is_in(list(times)), pl.col("before").is_in(list(times))
        )
        for (since,), part in pairs.partition_by("since", as_dict=True).items():
            back = dict(part.select("after", "before").iter_rows())
            forth = {old: new for new, old in back.items()}
            keys: dict[tuple[str, ...], None] = {}
            for cell in (cell for cell, is_leaf in zip(cells, leaf, strict=True) if is_leaf):
                if cell[time] in back:
                    keys[cell] = None
                elif cell[time] in forth:
                    keys[(*cell[:time], forth[cell[time]], *cell[time + 1 :])] = None
            place = {key: number for number, key in enumerate(keys)}
            before = [(*key[:time], back[key[time]], *key[time + 1 :]) for key in keys]
            found.append(
                Comparison(
                    after=np.array([position.get(key, -1) for key in keys], dtype=np.int64),
                    before=np.array([position.get(key, -1) for key in before], dtype=np.int64),
                    people=_people(pl.DataFrame(self.changed), int(since), place, layout),
                    movers=_movers(pl.DataFrame(self.moved), int(since), place, layout),
                )
            )
        return tuple(found)


def _people(
    changed: pl.DataFrame, since: int, place: Mapping[tuple[str, ...], int], layout: Layout
) -> dict[str, Ints]:
    found: dict[str, Ints] = {}
    rows = changed.filter(pl.col("since") == since).select(*layout.cell, "measure", "people")
    for *cell, measure, people in rows.iter_rows():
        if tuple(cell) in place:
            counts = found.setdefault(measure, np.zeros(len(place), dtype=np.int64))
            counts[place[tuple(cell)]] += people
    return found


def _movers(
    moved: pl.DataFrame, since: int, place: Mapping[tuple[str, ...], int], layout: Layout
) -> dict[str, Movers]:
    ends = [f"to_{dimension}" for dimension in layout.dimensions]
    rows = moved.filter(pl.col("since") == since)
    listed: dict[str, list[tuple[int, int, bool]]] = {}
    for row in rows.select(*layout.cell, *ends, "measure", "altered").iter_rows():
        source, target = row[: len(ends) + 1], (row[0], *row[len(ends) + 1 : -2])
        one, other = place.get(source, -1), place.get(target, -1)
        if max(one, other) >= 0:
            listed.setdefault(row[-2], []).append((one, other, row[-1]))
    return {
        measure: Movers(*(np.array(column) for column in zip(*found, strict=True)))
        for measure, found in listed.items()
    }


def few_who_changed(
    vectors: Ints, people: Ints, movers: Movers | None, most: int
) -> Iterator[Ints]:
    """Find unions of leaves of a difference that are known, with somebody and too few in them.

    Args:
        vectors: what is unexplained of each leaf's difference, shape (k, leaves).
        people: those added, removed or changed within it, shape (k,).
        movers: those who moved; None for nobody.
        most: people a union may have at most.

    Yields:
        Positions of the members of a union.

    Raises:
        UndecidedError: there are too many combinations.

    """
    ends = np.zeros(len(people) + 1, dtype=bool)
    if movers is not None:
        ends[movers.source] = ends[movers.target] = True
    touched = (people > 0) | ends[:-1]
    known = ~vectors.any(axis=1)
    for leaf in np.flatnonzero(known & touched & (people <= most)).tolist():
        yield np.array([leaf])
    kept = np.flatnonzero(~known & (people <= most))
    if not touched[kept].any():
        return
    order = kept[np.lexsort((people[kept], touched[kept]))]
    basis, _ = relations(vectors[order])
    states = np.zeros((1, len(order)), dtype=np.int64)
    last = np.full(len(order), -1)
    for number, relation in enumerate(basis):
        last[relation != 0] = number
    weights = people[order]
    for number, relation in enumerate(basis):
        states = np.concatenate([states, (states + relation) % PRIME])
        settled = last <= number
        fine = (states[:, settled] <= 1).all(axis=1)
        states = states[fine & (states[:, settled] @ weights[settled] <= most)]
        if len(states) > MOST_STATES:
            raise UndecidedError
    member = np.zeros((len(states), len(people)), dtype=bool)
    member[:, order] = states.astype(bool)
    shown = states @ weights >= 1
    if movers is not None:
        shown |= movers.noticed(member)
    for union in member[shown]:
        yield np.flatnonzero(union)
