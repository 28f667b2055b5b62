"""Which vintages of a table are among its cells, and who changed between them.

Belongs here: reading the comparisons of a block. Does not belong here: what they tell of people
(differences).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect.rules import Layout

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


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
    are those added, removed or changed within it, by measure. `totals`, shape (k, 2), are positions
    of the other cells that both have.
    """

    after: Ints
    before: Ints
    totals: Ints
    people: Mapping[str, Ints]
    movers: Mapping[str, Movers]

    @property
    def in_both(self) -> Ints:
        """Positions of the leaves that both have, after and before, shape (k, 2)."""
        pairs = np.column_stack([self.after, self.before])
        return pairs[(pairs >= 0).all(axis=1)]

    @property
    def is_new(self) -> Ints:
        """Positions of leaves that have no row before."""
        return self.after[(self.after >= 0) & (self.before < 0)]

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
            totals = [
                (number, position[then])
                for number, cell in enumerate(cells)
                if not leaf[number]
                and cell[time] in back
                and (then := (*cell[:time], back[cell[time]], *cell[time + 1 :])) in position
            ]
            found.append(
                Comparison(
                    totals=np.array(totals, dtype=np.int64).reshape(-1, 2),
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
