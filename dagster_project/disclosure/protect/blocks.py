"""Cuts the cells into blocks that know nothing of each other, as arrays.

Belongs here: the input tables, how cells add up, one `Block` for all cells that hierarchies
connect. Does not belong here: judging rows one by one (refuse), any decision.

Two values of a dimension are connected if one is a parent of the other and both occur. No equation
crosses from one block to another, so each is protected on its own; that is what makes the whole
grow linearly and run in parallel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import scipy.sparse

from dagster_project.disclosure.protect.refuse import CARRIED, need, refuse, tree_of
from dagster_project.disclosure.protect.rules import ADDITIVE, BASE_GROUP, Layout
from dagster_project.disclosure.protect.vintages import Comparison, Vintages

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STATUSES = ("published", "suppressed")
_SUMS = ("n", "weight", "total", "total_squared")
_FIGURES = (*_SUMS, "n_effective", "low", "high")


@dataclass(frozen=True)
class Equations:
    """Cells that are sums of others, as flat arrays.

    Equation i says that cell `parents[i]` is the sum of the cells `children[of == i]`; `of` is
    sorted and names every equation. Numbers are positions among `size` cells.
    """

    size: int
    parents: Ints
    children: Ints
    of: Ints

    @classmethod
    def listed(cls, size: int, sums: Iterable[tuple[int, Sequence[int]]]) -> Equations:
        """Lay out equations given as (parent, children)."""
        pairs = list(sums)
        return cls(
            size,
            np.array([parent for parent, _ in pairs], dtype=np.int64),
            np.array([child for _, children in pairs for child in children], dtype=np.int64),
            np.repeat(np.arange(len(pairs)), [len(children) for _, children in pairs]),
        )

    def __len__(self) -> int:
        return len(self.parents)

    def __iter__(self) -> Iterator[tuple[int, Ints]]:
        ends = np.searchsorted(self.of, np.arange(len(self) + 1)).tolist()
        for parent, start, end in zip(self.parents.tolist(), ends, ends[1:], strict=False):
            yield parent, self.children[start:end]

    def within(self, here: Flags) -> Equations:
        """Keep the equations between the cells `here`, shape (cells,); other parts are 0."""
        if here.all():
            return self
        kept = here[self.children] & here[self.parents[self.of]]
        there, of = np.unique(self.of[kept], return_inverse=True)
        return Equations(self.size, self.parents[there], self.children[kept], of)

    @cached_property
    def parts(self) -> scipy.sparse.csr_array:
        """Which cells are parts, shape (equations, cells)."""
        ones = np.ones(len(self.children))
        return scipy.sparse.csr_array(
            (ones, (self.of, self.children)), shape=(len(self), self.size)
        )

    @cached_property
    def balance(self) -> scipy.sparse.csr_array:
        """Parts minus their total, shape (equations, cells): 0 on every table that adds up."""
        rows = np.concatenate([self.of, np.arange(len(self))])
        columns = np.concatenate([self.children, self.parents])
        signs = np.repeat([1.0, -1.0], [len(self.children), len(self)])
        return scipy.sparse.csr_array((signs, (rows, columns)), shape=(len(self), self.size))


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
        return bool((np.abs(self.weight - self.n) > ADDITIVE).any())


@dataclass(frozen=True)
class Block:
    """All that one set of equations connects.

    `size` counts the cells; `base` is the number of respondents of each, 0 where nobody is;
    `measures` are grouped as in the input, the base not among them. `told` and `kept` say, per
    group, which cells are decided already: published and suppressed ones, shape (cells,).
    `comparisons` are of the vintages among the cells.
    """

    size: int
    equations: Equations
    base: Measure
    measures: Mapping[str, tuple[Measure, ...]] = field(default_factory=dict)
    told: Mapping[str, Flags] = field(default_factory=dict)
    kept: Mapping[str, Flags] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()

    @cached_property
    def respondents(self) -> Ints:
        """Respondents of every cell of the block, 0 where the base does not name it."""
        counts = np.zeros(self.size, dtype=np.int64)
        counts[self.base.cells] = self.base.n
        return counts

    def decided(self, group: str) -> tuple[Flags, Flags]:
        """Which cells of a group are published already and which suppressed, shape (cells,)."""
        nothing = np.zeros(self.size, dtype=bool)
        return self.told.get(group, nothing), self.kept.get(group, nothing)


Branches = Sequence[Mapping[str, Sequence[tuple[str, ...]]]]
"""Children by dimension and parent: one tuple for each partition of the parent."""


@dataclass(frozen=True)
class Piece:
    """The rows of one block, ready to be made a `Block` elsewhere.

    `numbers` are the block's cells among all cells, `names` what each is called per dimension,
    `branches` how the values of each dimension add up. `rows` are the figures, sorted by measure
    and cell; `cell` in it is a position in the block.
    """

    table: str
    numbers: Ints
    names: tuple[tuple[str, ...], ...]
    branches: Branches
    rows: pl.DataFrame
    layout: Layout
    vintages: Vintages | None = None

    def block(self) -> Block:
        """Make the block.

        Raises:
            ValueError: a total is not the sum of its parts.

        """
        equations = _equations(self.branches, self.names)
        groups: dict[str, list[Measure]] = defaultdict(list)
        for measure in _measures(self.rows):
            groups[measure.group].append(measure)
        (base,) = groups.pop(BASE_GROUP, (_nobody(),))
        measures = {group: tuple(groups[group]) for group in sorted(groups)}
        self._check_sums(equations, [base, *(m for group in measures.values() for m in group)])
        told, kept = (self._decided(status) for status in STATUSES)
        comparisons: tuple[Comparison, ...] = ()
        if self.vintages is not None:
            leaf = np.ones(len(self.names), dtype=bool)
            leaf[equations.parents] = False
            cells = [(self.table, *name) for name in self.names]
            comparisons = self.vintages.of_block(cells, leaf, self.layout)
        return Block(len(self.names), equations, base, measures, told, kept, comparisons)

    def _named(self, cell: int) -> str:
        return "/".join((self.table, *self.names[cell]))

    def _decided(self, status: str) -> dict[str, Flags]:
        found: dict[str, Flags] = {}
        rows = self.rows.filter(pl.col("decided") == status).select("disclosure_group", "cell")
        for (group,), part in rows.partition_by(
            "disclosure_group", as_dict=True, include_key=False
        ).items():
            found[str(group)] = np.zeros(len(self.names), dtype=bool)
            found[str(group)][part["cell"].to_numpy()] = True
        return found

    def _check_sums(self, equations: Equations, measures: Sequence[Measure]) -> None:
        """Refuse a total that is not the sum of its parts: nothing proved about it would hold."""
        systems: dict[bytes, Equations] = {}
        for measure in measures:
            here = np.zeros(len(self.names), dtype=bool)
            here[measure.cells] = True
            system = systems.setdefault(here.tobytes(), equations.within(here))
            values = np.zeros((len(here), 4))
            values[measure.cells, 0], values[measure.cells, 1] = measure.n, measure.weight
            values[measure.cells, 2], values[measure.cells, 3] = measure.total, measure.squares
            most = ADDITIVE * np.maximum(1.0, np.abs(values[system.parents]))
            # what is no number is not near anything
            wrong = ~(np.abs(system.balance @ values) <= most).all(axis=1)
            if wrong.any():
                cell = int(system.parents[wrong].min())
                raise ValueError(
                    f"{measure.group}, {measure.name} in {self._named(cell)}: "
                    "the total is not the sum of its parts"
                )


def cut_into_blocks(
    cells: pa.Table,
    hierarchies: pa.Table,
    tables: Collection[str],
    layout: Layout,
    *,
    decided: pa.Table | None = None,
    vintages: Vintages | None = None,
) -> tuple[list[Piece], pl.DataFrame]:
    """Cut the cells into blocks, sorted by the cells in them; `tables` are those with rules.

    Returns:
        The blocks, and the names of all cells in the order of their numbers, columns
        `layout.cell`.

    Raises:
        ValueError: a table has no rules, a column is missing, or a row cannot be (see `refuse`).

    """
    tree = tree_of(hierarchies, layout)
    if cells.num_rows == 0:
        return [], pl.DataFrame(schema=dict.fromkeys(layout.cell, pl.String))
    refuse(cells, tables, layout)
    rows = _rows(cells, layout)
    _refuse_without_base(rows, layout)
    rows = _with_decisions(rows, decided, layout)
    keys = [f"part of {name}" for name in layout.dimensions]
    for name, key in zip(layout.dimensions, keys, strict=True):
        ties = list(vintages.ties(layout)) if vintages and name == layout.time else []
        joined = _connected(rows, tree, layout.table, name, ties).rename({"part": key})
        rows = rows.join(joined, on=[layout.table, name], how="left")
    order = [layout.table, *keys, *layout.dimensions, "disclosure_group", "measure", "answer"]
    rows = rows.sort(order, nulls_last=False).with_columns(
        number=pl.struct(layout.cell).rle_id().cast(pl.Int64),
        block=pl.struct(layout.table, *keys).rle_id(),
    )
    names = rows.filter(pl.col("number").is_first_distinct()).select(layout.cell)
    branches = _branches(tree, layout)
    return [
        replace(_piece(part, names, branches, layout), vintages=vintages)
        for part in rows.drop(keys).partition_by("block", maintain_order=True)
    ], names


def _piece(
    part: pl.DataFrame, names: pl.DataFrame, branches: Mapping[str, Branches], layout: Layout
) -> Piece:
    first, last = int(part["number"][0]), int(part["number"][-1])
    table = str(part[layout.table][0])
    rows = part.drop(layout.cell, "block", "number").with_columns(cell=part["number"] - first)
    rows = rows.sort("disclosure_group", "measure", "answer", "cell", maintain_order=True)
    places = tuple(names[first : last + 1].select(layout.dimensions).iter_rows())
    return Piece(table, np.arange(first, last + 1), places, branches[table], rows, layout)


def _rows(table: pa.Table, layout: Layout) -> pl.DataFrame:
    """Keep what decides, as numbers: nobody is no limit to the effective number of respondents."""
    texts = (*layout.cell, "disclosure_group", "measure", "kind", "answer")
    wanted = [column for column in table.column_names if column in (*texts, *_FIGURES)]
    frame = pl.DataFrame(table.select(wanted)).filter(pl.col("kind") != CARRIED)
    weight = "weight" if "weight" in wanted else "n"
    zero = pl.lit(0.0)
    return frame.with_columns(
        pl.col(texts).cast(pl.String),
        pl.col("n").cast(pl.Int64),
        pl.col("n_effective").cast(pl.Float64).fill_null(float("inf")),
        pl.col(weight).cast(pl.Float64).fill_null(zero).alias("weight"),
        *(
            (pl.col(name) if name in wanted else zero).cast(pl.Float64).fill_null(zero).alias(name)
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


def _with_decisions(rows: pl.DataFrame, decided: pa.Table | None, layout: Layout) -> pl.DataFrame:
    """Add column `decided`: the status that a cell has in its group already, null for none."""
    key = [*layout.cell, "disclosure_group"]
    if decided is None or decided.num_rows == 0:
        return rows.with_columns(decided=pl.lit(None, pl.String))
    need(decided, (*key, "status"), "decided")
    known = pl.DataFrame(decided.select([*key, "status"])).cast(pl.String)
    wrong = known.filter(~pl.col("status").is_in(STATUSES))
    if wrong.height:
        raise ValueError(f"decided: status {wrong['status'][0]} is none of {', '.join(STATUSES)}")
    return rows.join(known.rename({"status": "decided"}).unique(key), on=key, how="left")


def _connected(
    rows: pl.DataFrame,
    tree: pl.DataFrame,
    table: str,
    name: str,
    ties: Sequence[tuple[str, str, str]],
) -> pl.DataFrame:
    """Say of every value of a dimension with which others it is connected, `ties` among them.

    Returns columns `table`, the dimension, and `part`: the first of the connected values.
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
    schema = dict.fromkeys((table, name, "part"), pl.String)
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


def _measures(rows: pl.DataFrame) -> Iterator[Measure]:
    """Split sorted rows into measures."""
    keys = rows.select(pl.struct("disclosure_group", "measure", "answer").rle_id()).to_series()
    starts = np.flatnonzero(np.diff(keys.to_numpy(), prepend=-1))
    ends = [*starts[1:].tolist(), rows.height]
    columns = {name: rows[name].to_numpy() for name in ("cell", *_FIGURES)}
    for start, end in zip(starts.tolist(), ends, strict=True):
        there = {name: column[start:end] for name, column in columns.items()}
        group, name, kind, answer = (
            rows[column][start] for column in ("disclosure_group", "measure", "kind", "answer")
        )
        yield Measure(
            group=group,
            name=name,
            answer=answer,
            kind=kind,
            low=float(there["low"][0]),
            high=float(there["high"][0]),
            cells=there["cell"],
            n=there["n"],
            effective=there["n_effective"],
            weight=there["weight"],
            total=there["total"],
            squares=there["total_squared"],
        )


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
