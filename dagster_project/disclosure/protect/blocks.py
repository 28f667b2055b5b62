"""Cuts cells into blocks that know nothing of each other, as arrays.

Belongs here: the values that the steps pass around, reading the input tables, judging that totals
are the sums of their parts. Does not belong here: judging rows one by one (refuse), any decision.

A block is what hierarchies connect: two values of a dimension hang together if one is part of the
other and both occur. So a quarter without its year is a block of its own, and each organisation is,
unless organisations add up. That is what makes the whole grow linearly and run in parallel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect.differences import Comparison, Vintages
from dagster_project.disclosure.protect.elimination import Equation
from dagster_project.disclosure.protect.refuse import CARRIED, COUNT, refuse, tree_of
from dagster_project.disclosure.protect.rules import SLACK, Flags, Floats, Ints, Layout, Rules

PUBLISHED, SUPPRESSED = "published", "suppressed"
FIGURES = ("n", "n_effective", "weight", "total", "total_squared", "low", "high")

Branches = Mapping[str, Mapping[str, Sequence[tuple[str, ...]]]]
"""Children by dimension and parent: one tuple for each partition of the parent."""


@dataclass(frozen=True)
class Measure:
    """One additive figure in the cells where it is asked.

    Arrays have one entry per asked cell: `cells` positions in the block, `n` respondents,
    `effective` their effective number, `weight`, `total` and `squares` sums of weights, of scores
    and of squared scores. `low` and `high` are the ends of the scale of a score.
    """

    group: str
    name: str
    answer: str | None
    kind: str
    low: float
    high: float
    cells: Ints
    n: Ints
    effective: Floats
    weight: Floats
    total: Floats
    squares: Floats

    @property
    def is_weighted(self) -> bool:
        """Whether the weights differ from 1 anywhere."""
        return bool((np.abs(self.weight - self.n) > SLACK).any())

    def spread(self, size: int, figures: Ints | Floats) -> Floats:
        """Lay figures of the asked cells out over all cells of the block, 0 elsewhere."""
        everywhere = np.zeros(size)
        everywhere[self.cells] = figures
        return everywhere


@dataclass(frozen=True)
class Decided:
    """Cells of a group whose fate stands already, shape (cells,) each."""

    published: Flags
    suppressed: Flags


@dataclass(frozen=True)
class Block:
    """Everything that one set of equations ties together.

    `names` are the cells, as tuples of the layout's columns; `base` is the number of respondents of
    each, 0 where there is no row; `measures` are by group, the base not among them. `decided` is by
    group, `comparisons` are of the vintages among the cells.
    """

    table: str
    names: tuple[tuple[str, ...], ...]
    equations: tuple[Equation, ...]
    base: Measure
    measures: Mapping[str, tuple[Measure, ...]] = field(default_factory=dict)
    decided: Mapping[str, Decided] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.names)

    @property
    def respondents(self) -> Ints:
        """Respondents of every cell, 0 where the base does not name it."""
        counts = np.zeros(self.size, dtype=np.int64)
        counts[self.base.cells] = self.base.n
        return counts

    def of_group(self, group: str) -> Decided:
        """Say what is decided of a group."""
        nothing = np.zeros(self.size, dtype=bool)
        return self.decided.get(group) or Decided(nothing, nothing)


def read_blocks(
    cells: pa.Table,
    hierarchies: pa.Table,
    rules: Mapping[str, Rules],
    layout: Layout,
    *,
    decided: pa.Table | None = None,
    vintages: Vintages | None = None,
) -> tuple[int, Iterator[Block]]:
    """Cut the cells into blocks, in the order of their first cells.

    Returns:
        The number of blocks, and the blocks, made as they are asked for.

    Raises:
        ValueError: a table has no rules, a column is missing, or a row cannot be (see `refuse`);
            and when a block is made: it has no row in the base group, or a total is not the sum of
            its parts.

    """
    tree = tree_of(hierarchies, layout)
    if cells.num_rows == 0:
        return 0, iter(())
    refuse(cells, rules, layout)
    rows = _as_numbers(cells, layout)
    keys = list(layout.cell)
    names = rows.select(keys).unique()
    ties = list(vintages.ties(layout)) if vintages else []
    roots = [
        _roots(names, tree, layout, dimension, ties if dimension == layout.time else ())
        for dimension in layout.dimensions
    ]
    for dimension, root in zip(layout.dimensions, roots, strict=True):
        names = names.join(root, on=[layout.table, dimension], how="left")
    block = [layout.table, *(f"root of {dimension}" for dimension in layout.dimensions)]
    names = names.sort(*block, *layout.dimensions)
    number = pl.struct(block).rle_id()
    names = names.with_columns(block=number, at=pl.int_range(pl.len()))
    names = names.with_columns(cell=pl.col("at") - pl.col("at").min().over("block")).drop("at")
    rows = rows.join(names.select(*keys, "block", "cell"), on=keys)
    rows = rows.sort("block", "disclosure_group", "measure", "answer", "cell")
    fate = _fate(decided, names, layout)
    branches = _branches(tree, layout)
    return names["block"].n_unique(), _blocks(rows, names, fate, branches, (layout, vintages))


def _as_numbers(cells: pa.Table, layout: Layout) -> pl.DataFrame:
    """Keep what decides, as numbers: nobody is no limit to the effective number of respondents."""
    texts = (*layout.cell, "disclosure_group", "measure", "kind", "answer")
    wanted = [name for name in cells.column_names if name in (*texts, *FIGURES)]
    frame = pl.DataFrame(cells.select(wanted)).filter(pl.col("kind") != CARRIED)
    weight = "weight" if "weight" in wanted else "n"
    zero = pl.lit(0.0)
    return frame.with_columns(
        pl.col(*texts).cast(pl.String),
        pl.col("n").cast(pl.Int64),
        pl.col("n_effective").cast(pl.Float64).fill_null(float("inf")),
        pl.col(weight).cast(pl.Float64).fill_null(zero).alias("weight"),
        *(
            (pl.col(name) if name in wanted else zero).cast(pl.Float64).fill_null(zero).alias(name)
            for name in ("total", "total_squared", "low", "high")
        ),
    )


def _roots(
    names: pl.DataFrame,
    tree: pl.DataFrame,
    layout: Layout,
    dimension: str,
    ties: Sequence[tuple[str, str, str]],
) -> pl.DataFrame:
    """For each value that occurs, one value that stands for all it is connected with.

    `ties` are pairs of values (behind their table) that hang together besides.
    """
    root: dict[tuple[str, str], str] = {}

    def find(table: str, value: str) -> str:
        while root[table, value] != value:
            value = root[table, value]
        return value

    for table, value in names.select(layout.table, dimension).unique().iter_rows():
        root[table, value] = value
    steps = tree.filter(pl.col("dimension") == dimension).select(layout.table, "parent", "child")
    every = steps.unique().sort(layout.table, "parent", "child").iter_rows()
    for table, parent, child in (*every, *ties):
        if (table, parent) in root and (table, child) in root:
            one, other = find(table, parent), find(table, child)
            root[table, max(one, other)] = min(one, other)
    found = [(table, value, find(table, value)) for table, value in root]
    schema = dict.fromkeys((layout.table, dimension, f"root of {dimension}"), pl.String)
    return pl.DataFrame(found, schema=schema, orient="row")


def _branches(tree: pl.DataFrame, layout: Layout) -> Mapping[str, Branches]:
    """Return how the cells of each table add up."""
    found: dict[str, dict[str, dict[str, list[tuple[str, ...]]]]] = {}
    keys = (layout.table, "dimension", "parent", "partition")
    grouped = tree.group_by(keys).agg(pl.col("child").unique().sort()).sort(keys)
    for table, dimension, parent, _, children in grouped.iter_rows():
        nodes = found.setdefault(table, {}).setdefault(dimension, {})
        nodes.setdefault(parent, []).append(tuple(children))
    return found


def _fate(decided: pa.Table | None, names: pl.DataFrame, layout: Layout) -> pl.DataFrame | None:
    if decided is None or decided.num_rows == 0:
        return None
    keys = list(layout.cell)
    rows = pl.DataFrame(decided).select(*keys, "disclosure_group", "status")
    rows = rows.with_columns(pl.col(*keys, "disclosure_group", "status").cast(pl.String))
    return rows.join(names.select(*keys, "block", "cell"), on=keys).sort("block")


def _blocks(
    rows: pl.DataFrame,
    names: pl.DataFrame,
    fate: pl.DataFrame | None,
    branches: Mapping[str, Branches],
    given: tuple[Layout, Vintages | None],
) -> Iterator[Block]:
    layout, vintages = given
    starts = np.searchsorted(names["block"], np.arange(names["block"].n_unique() + 1))
    bounds = np.searchsorted(rows["block"], np.arange(len(starts)))
    fates = {} if fate is None else fate.partition_by("block", as_dict=True)
    for number, (first, last) in enumerate(pairwise(starts.tolist())):
        cells = tuple(names.slice(first, last - first).select(layout.cell).iter_rows())
        part = rows.slice(int(bounds[number]), int(bounds[number + 1] - bounds[number]))
        block = _block(cells, part, fates.get((number,)), branches.get(cells[0][0], {}), layout)
        if vintages is not None:
            leaf = np.ones(block.size, dtype=bool)
            leaf[[equation.parent for equation in block.equations]] = False
            block = replace(block, comparisons=vintages.of_block(cells, leaf, layout))
        yield block


def _block(
    cells: tuple[tuple[str, ...], ...],
    rows: pl.DataFrame,
    fate: pl.DataFrame | None,
    branches: Branches,
    layout: Layout,
) -> Block:
    groups: dict[str, list[Measure]] = {}
    for measure in _measures(rows):
        groups.setdefault(measure.group, []).append(measure)
    base = groups.pop(layout.base, None) or [_nobody(layout.base)]
    if len(base) > 1:
        raise ValueError(f"{'/'.join(cells[0])}: more than one measure in group {layout.base}")
    decided: dict[str, Decided] = {}
    if fate is not None:
        for (group, status), part in fate.partition_by(
            "disclosure_group", "status", as_dict=True
        ).items():
            nothing = np.zeros(len(cells), dtype=bool)
            found = decided.setdefault(group, Decided(nothing, nothing.copy()))
            flags = found.published if status == PUBLISHED else found.suppressed
            flags[part["cell"].to_numpy()] = True
    block = Block(
        table=cells[0][0],
        names=cells,
        equations=tuple(equations_of(cells, branches, layout)),
        base=base[0],
        measures={group: tuple(groups[group]) for group in sorted(groups)},
        decided=decided,
    )
    for measure in (block.base, *(m for group in block.measures.values() for m in group)):
        _check_sums(block, measure)
    return block


def _nobody(group: str) -> Measure:
    """Return respondents of no cell: people may be counted who responded to nothing."""
    none, nothing = np.empty(0, dtype=np.int64), np.empty(0)
    return Measure(group, group, None, COUNT, 0.0, 0.0, none, none, *(nothing,) * 4)


def _measures(rows: pl.DataFrame) -> Iterator[Measure]:
    """Slice the rows of a block, sorted by group, measure and answer, into measures."""
    number = rows.select(pl.struct("disclosure_group", "measure", "answer").rle_id()).to_series()
    starts = np.flatnonzero(np.diff(number.to_numpy(), prepend=-1))
    texts = rows[starts.tolist()].select("disclosure_group", "measure", "answer", "kind").rows()
    arrays = {name: rows[name].to_numpy() for name in ("cell", *FIGURES)}
    for (group, name, answer, kind), (first, last) in zip(
        texts, pairwise([*starts.tolist(), rows.height]), strict=True
    ):
        part = {column: values[first:last] for column, values in arrays.items()}
        yield Measure(
            group=group,
            name=name,
            answer=answer,
            kind=kind,
            low=float(part["low"][0]),
            high=float(part["high"][0]),
            cells=part["cell"].astype(np.int64),
            n=part["n"],
            effective=part["n_effective"],
            weight=part["weight"],
            total=part["total"],
            squares=part["total_squared"],
        )


def equations_of(
    cells: Sequence[tuple[str, ...]], branches: Branches, layout: Layout
) -> Iterator[Equation]:
    """Every way in which a cell of the block is the sum of others; an absent part is 0."""
    position = {cell: number for number, cell in enumerate(cells)}
    for axis, dimension in enumerate(layout.dimensions, start=1):
        nodes = branches.get(dimension, {})
        for parent, cell in enumerate(cells):
            for partition in nodes.get(cell[axis], ()):
                parts = (position.get((*cell[:axis], c, *cell[axis + 1 :])) for c in partition)
                children = tuple(part for part in parts if part is not None)
                if children:
                    yield Equation(parent, children)


def _check_sums(block: Block, measure: Measure) -> None:
    """Refuse a total that is not the sum of its parts: nothing proved about it would hold."""
    values = np.zeros((block.size, 4))
    values[measure.cells] = np.column_stack(
        [measure.n, measure.weight, measure.total, measure.squares]
    )
    asked = np.zeros(block.size, dtype=bool)
    asked[measure.cells] = True
    for equation in block.equations:
        children = list(equation.children)
        if not asked[equation.parent] or not asked[children].any():
            continue
        gap = np.abs(values[equation.parent] - values[children].sum(axis=0))
        # what is no number is not near anything
        if not (gap <= SLACK * np.maximum(1.0, np.abs(values[equation.parent]))).all():
            raise ValueError(
                f"{measure.group}, {measure.name} in {'/'.join(block.names[equation.parent])}: "
                "the total is not the sum of its parts"
            )
