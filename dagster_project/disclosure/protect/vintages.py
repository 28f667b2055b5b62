"""Which vintages of a table are among its cells, and who changed between them.

Belongs here: reading the comparisons of a block. Does not belong here: what they tell of people
(differences).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect.blocks import Comparison, Flags, Ints, Movers
from dagster_project.disclosure.protect.rules import Layout


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
