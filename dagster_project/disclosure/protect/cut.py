"""Cuts the cells into blocks that know nothing of each other.

Belongs here: the input tables, how cells add up, all cells that hierarchies connect. Does not
belong here: judging rows one by one (refuse), any decision.

Two values of a dimension are connected if one is a parent of the other and both occur. No equation
crosses from one block to another, so each is protected on its own; that is what makes the whole
grow linearly and run in parallel. Blocks are made one by one, when they are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect.blocks import Block, Comparison, Equations, Flags, Measure
from dagster_project.disclosure.protect.refuse import CARRIED, encoded, need, refuse, tree_of
from dagster_project.disclosure.protect.rules import ADDITIVE, BASE_GROUP, Layout
from dagster_project.disclosure.protect.vintages import Vintages

STATUSES = ("published", "suppressed")
_FIGURES = ("n", "weight", "total", "total_squared", "n_effective", "low", "high")
_GROUPED = ("disclosure_group", "measure", "answer")

Branches = Sequence[Mapping[str, Sequence[tuple[str, ...]]]]
"""Children by dimension and parent: one tuple for each partition of the parent."""


@dataclass(frozen=True)
class Cut:
    """The blocks of all cells, sorted by the cells in them.

    `names`, columns `layout.cell`, are all cells in the order of their numbers. `columns` are the
    figures by row, sorted by block, measure and cell. `starts`, shape (blocks + 1,), says where
    the rows of each block begin, and `measures` names each of their measures, with its rows.
    """

    names: pl.DataFrame
    layout: Layout
    branches: Mapping[str, Branches]
    vintages: Vintages | None
    starts: npt.NDArray[Any]
    measures: pl.DataFrame
    columns: Mapping[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[tuple[str, int, Block]]:
        """Yield of each block its table, the number of its first cell, and itself.

        Raises:
            ValueError: a total is not the sum of its parts.

        """
        described = self.measures.iter_rows(named=True)
        of = np.searchsorted(self.measures["end"].to_numpy(), self.starts, side="right").tolist()
        for (start, end), count in zip(
            pairwise(self.starts.tolist()), np.diff(of).tolist(), strict=True
        ):
            number = self.columns["number"][start:end]
            first = int(number.min())
            cells = self.names[first : int(number.max()) + 1]
            found = [self._measure(next(described), first) for _ in range(count)]
            table = str(cells[self.layout.table][0])
            names = list(cells.select(self.layout.dimensions).iter_rows())
            yield table, first, self._block(table, names, found)

    def _measure(self, named: Mapping[str, Any], first: int) -> tuple[Measure, npt.NDArray[Any]]:
        """Return a measure, and what was decided of each of its cells, as a place in STATUSES."""
        rows = slice(named["start"], named["end"])
        there = {name: column[rows] for name, column in self.columns.items()}
        measure = Measure(
            group=named["disclosure_group"],
            name=named["measure"],
            answer=named["answer"],
            kind=named["kind"],
            low=float(there["low"][0]),
            high=float(there["high"][0]),
            cells=there["number"] - first,
            n=there["n"],
            effective=there["n_effective"],
            weight=there["weight"],
            total=there["total"],
            squares=there["total_squared"],
        )
        return measure, there["decided"]

    def _block(
        self,
        table: str,
        names: list[tuple[str, ...]],
        found: list[tuple[Measure, npt.NDArray[Any]]],
    ) -> Block:
        equations = _equations(self.branches[table], names)
        told: dict[str, Flags] = {}
        kept: dict[str, Flags] = {}
        groups: dict[str, list[Measure]] = defaultdict(list)
        for measure, decided in found:
            groups[measure.group].append(measure)
            for status, flags in enumerate((told, kept)):
                here = measure.cells[decided == status]
                if len(here):
                    flags.setdefault(measure.group, np.zeros(len(names), dtype=bool))[here] = True
        wrong = _wrong_total(equations, [measure for measure, _ in found])
        if wrong is not None:
            measure, cell = wrong
            raise ValueError(
                f"{measure.group}, {measure.name} in {'/'.join((table, *names[cell]))}: "
                "the total is not the sum of its parts"
            )
        (base,) = groups.pop(BASE_GROUP, (_nobody(),))
        measures = {group: tuple(groups[group]) for group in sorted(groups)}
        comparisons: tuple[Comparison, ...] = ()
        if self.vintages is not None:
            leaf = np.ones(len(names), dtype=bool)
            leaf[equations.parents] = False
            cells = [(table, *name) for name in names]
            comparisons = self.vintages.of_block(cells, leaf, self.layout)
        return Block(len(names), equations, base, measures, told, kept, comparisons)


def cut_into_blocks(
    cells: pa.Table,
    hierarchies: pa.Table,
    tables: Collection[str],
    layout: Layout,
    *,
    decided: pa.Table | None = None,
    vintages: Vintages | None = None,
) -> Cut:
    """Cut the cells into blocks; `tables` are those with rules.

    Raises:
        ValueError: a table has no rules, a column is missing, or a row cannot be (see `refuse`).

    """
    tree = tree_of(hierarchies, layout)
    if cells.num_rows == 0:
        nothing = pl.DataFrame(schema=dict.fromkeys(layout.cell, pl.String))
        ends = pl.DataFrame(schema={"end": pl.Int64})
        return Cut(nothing, layout, {}, None, np.zeros(1, dtype=np.int64), ends, {})
    texts = (*layout.cell, *_GROUPED, "kind")
    frame = encoded(cells, texts)
    refuse(frame, tables, layout)
    rows = _rows(frame, texts)
    _refuse_without_base(rows, layout)
    rows = _with_decisions(rows, decided, layout)
    keys = [f"part of {name}" for name in layout.dimensions]
    for name, key in zip(layout.dimensions, keys, strict=True):
        ties = list(vintages.ties(layout)) if vintages and name == layout.time else []
        parts = _connected(rows, tree, layout.table, name, ties, key=key)
        rows = rows.join(parts, on=[layout.table, name], how="left")
    rows = rows.sort(layout.table, *keys, *layout.dimensions).with_columns(
        number=pl.struct(layout.cell).rle_id().cast(pl.Int64),
        block=pl.struct(layout.table, *keys).rle_id(),
    )
    names = rows.filter(pl.col("number").is_first_distinct()).select(layout.cell)
    rows = rows.drop(layout.cell, *keys).sort("block", *_GROUPED, "number", nulls_last=False)
    block = rows["block"].to_numpy()
    measure = rows.select(pl.struct("block", *_GROUPED).rle_id()).to_series().to_numpy()
    begun = np.flatnonzero(np.diff(measure, prepend=-1))
    measures = (
        rows[begun]
        .select(pl.col(*_GROUPED, "kind").cast(pl.String))
        .with_columns(
            start=pl.Series(begun), end=pl.Series(np.append(begun[1:], len(rows))[: len(begun)])
        )
    )
    return Cut(
        names,
        layout,
        _branches(tree, layout),
        vintages,
        np.append(np.flatnonzero(np.diff(block.astype(np.int64), prepend=-1)), len(rows)),
        measures,
        {name: rows[name].to_numpy() for name in ("number", "decided", *_FIGURES)},
    )


def _rows(frame: pl.DataFrame, texts: Sequence[str]) -> pl.DataFrame:
    """Keep what decides, as numbers: nobody is no limit to the effective number of respondents."""
    weight = "weight" if "weight" in frame.columns else "n"
    zero = pl.lit(0.0)
    return frame.filter(pl.col("kind") != CARRIED).select(
        *texts,
        pl.col("n").cast(pl.Int64),
        pl.col("n_effective").cast(pl.Float64).fill_null(float("inf")),
        pl.col(weight).cast(pl.Float64).fill_null(zero).alias("weight"),
        *(
            (pl.col(name) if name in frame.columns else zero)
            .cast(pl.Float64)
            .fill_null(zero)
            .alias(name)
            for name in ("total", "total_squared", "low", "high")
        ),
    )


def _refuse_without_base(rows: pl.DataFrame, layout: Layout) -> None:
    """Refuse a table whose respondents are not counted, or in more than one way."""
    base = pl.col("measure").filter(pl.col("disclosure_group") == BASE_GROUP).n_unique()
    wrong = rows.group_by(layout.table).agg(base.alias("measures")).filter(pl.col("measures") != 1)
    if wrong.height:
        name = str(wrong[layout.table].sort()[0])
        raise ValueError(f"{layout.table} {name} needs one measure in group {BASE_GROUP}")


def _nobody() -> Measure:
    """Return the respondents of a block in which no cell has any."""
    ints, floats = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Measure(
        BASE_GROUP, "", None, "count", 0.0, 0.0, ints, ints, floats, floats, floats, floats
    )


def _wrong_total(equations: Equations, measures: Sequence[Measure]) -> tuple[Measure, int] | None:
    """Find a total that is not the sum of its parts: nothing proved about it would hold."""
    systems: dict[bytes, Equations] = {}
    for measure in measures:
        here = np.zeros(equations.size, dtype=bool)
        here[measure.cells] = True
        system = systems.setdefault(here.tobytes(), equations.within(here))
        values = np.zeros((len(here), 4))
        values[measure.cells, 0], values[measure.cells, 1] = measure.n, measure.weight
        values[measure.cells, 2], values[measure.cells, 3] = measure.total, measure.squares
        most = ADDITIVE * np.maximum(1.0, np.abs(values[system.parents]))
        # what is no number is not near anything
        wrong = ~(np.abs(system.gaps(values)) <= most).all(axis=1)
        if wrong.any():
            return measure, int(system.parents[wrong].min())
    return None


def _with_decisions(rows: pl.DataFrame, decided: pa.Table | None, layout: Layout) -> pl.DataFrame:
    """Add column `decided`: the place in STATUSES of what a cell has in its group, or -1."""
    key = [*layout.cell, "disclosure_group"]
    if decided is None or decided.num_rows == 0:
        return rows.with_columns(decided=pl.lit(-1, pl.Int8))
    need(decided, (*key, "status"), "decided")
    known = pl.DataFrame(decided.select([*key, "status"])).with_columns(
        pl.col("status").cast(pl.String)
    )
    wrong = known.filter(~pl.col("status").is_in(STATUSES))
    if wrong.height:
        raise ValueError(f"decided: status {wrong['status'][0]} is none of {', '.join(STATUSES)}")
    known = known.select(
        *(pl.col(name).cast(rows.schema[name], strict=False) for name in key),
        decided=(pl.col("status") == STATUSES[1]).cast(pl.Int8),
    )
    return rows.join(known.unique(key), on=key, how="left").with_columns(
        pl.col("decided").fill_null(-1)
    )


def _connected(
    rows: pl.DataFrame,
    tree: pl.DataFrame,
    table: str,
    name: str,
    ties: Sequence[tuple[str, str, str]],
    *,
    key: str,
) -> pl.DataFrame:
    """Connect the values of the dimension `name` that are in one equation or tie.

    Returns columns `table`, the dimension, and `key`: the first of the connected values.
    """
    values = rows.select(table, name).unique()
    part = {(of, value): value for of, value in values.iter_rows()}

    def root(of: str, value: str) -> str:
        while part[of, value] != value:
            value = part[of, value]
        return value

    pairs = tree.filter(pl.col("dimension") == name).select(table, "parent", "child").unique()
    for of, parent, child in (*pairs.sort(pl.all()).iter_rows(), *ties):
        if (of, parent) in part and (of, child) in part:
            first, other = sorted((root(of, parent), root(of, child)))
            part[of, other] = first
    found = [(of, value, root(of, value)) for of, value in part]
    schema = {table: rows.schema[table], name: rows.schema[name], key: rows.schema[name]}
    return pl.DataFrame(found, schema=schema, orient="row")


def _branches(tree: pl.DataFrame, layout: Layout) -> Mapping[str, Branches]:
    """Return how the values of each dimension add up, by table."""
    found: dict[str, list[dict[str, list[tuple[str, ...]]]]] = defaultdict(
        lambda: [{} for _ in layout.dimensions]
    )
    key = (layout.table, "dimension", "parent", "partition")
    grouped = tree.group_by(key).agg(pl.col("child").sort()).sort(key)
    for table, dimension, parent, _, children in grouped.iter_rows():
        if dimension in layout.dimensions:
            nodes = found[table][layout.dimensions.index(dimension)]
            nodes.setdefault(parent, []).append(tuple(children))
    return found


def _equations(branches: Branches, names: Sequence[tuple[str, ...]]) -> Equations:
    """Every way in which a cell of the block is the sum of others."""
    position = {name: number for number, name in enumerate(names)}
    sums = []
    for axis, nodes in enumerate(branches):
        if not nodes:
            continue
        for parent, name in enumerate(names):
            for partition in nodes.get(name[axis], ()):
                before, after = name[:axis], name[axis + 1 :]
                parts = [position.get((*before, child, *after)) for child in partition]
                children = [part for part in parts if part is not None]
                if children:
                    sums.append((parent, children))
    return Equations.listed(len(names), sums)
