"""Frequency tables to measure loss on: public ones, and made-up ones with linked hierarchies.

Belongs here: reading or drawing counts, adding them up over every total, the input of `protect`.
Does not belong here: protecting (loss), the cheapest pattern (optimum).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

PUBLIC = Path(__file__).with_name("public")
TOTAL = "all"

Place = tuple[str, ...]
"""A cell: a value per dimension."""


@dataclass(frozen=True)
class Partition:
    """In one dimension, `parent` is the sum of `children`."""

    name: str
    parent: str
    children: tuple[str, ...]


@dataclass(frozen=True)
class Instance:
    """A table of counts with all its totals; cells without anybody are left out.

    `dimensions` are names; `trees` say per dimension how values add up; `n`, shape (cells,), counts
    the respondents of the cells `places`, which stand in sorted order.
    """

    name: str
    dimensions: tuple[str, ...]
    trees: tuple[tuple[Partition, ...], ...]
    places: tuple[Place, ...]
    n: np.ndarray

    @classmethod
    def of(
        cls,
        name: str,
        trees: Mapping[str, Sequence[Partition]],
        leaves: Mapping[Place, int],
    ) -> Instance:
        """Add leaf counts up over all totals."""
        above = [_ancestors(tree) for tree in trees.values()]
        sums: dict[Place, int] = {}
        for leaf, count in leaves.items():
            if count > 0:
                for place in itertools.product(*(a[v] for a, v in zip(above, leaf, strict=True))):
                    sums[place] = sums.get(place, 0) + count
        places = tuple(sorted(sums))
        n = np.array([sums[place] for place in places], dtype=np.int64)
        return cls(name, tuple(trees), tuple(tuple(tree) for tree in trees.values()), places, n)

    def equations(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Every way in which a cell is the sum of others: its position and theirs."""
        position = {place: number for number, place in enumerate(self.places)}
        for axis, tree in enumerate(self.trees):
            ways: dict[str, list[tuple[str, ...]]] = {}
            for partition in tree:
                ways.setdefault(partition.parent, []).append(partition.children)
            for parent, place in enumerate(self.places):
                for children in ways.get(place[axis], ()):
                    parts = (position.get((*place[:axis], c, *place[axis + 1 :])) for c in children)
                    yield parent, tuple(part for part in parts if part is not None)

    def cells(self, table: str = "table") -> pa.Table:
        """Return the counts as `protect` wants them, a column per dimension."""
        columns: dict[str, object] = {"study": pa.array([table] * len(self.n), pa.string())}
        for axis, dimension in enumerate(self.dimensions):
            columns[dimension] = pa.array([place[axis] for place in self.places], pa.string())
        text = {"disclosure_group": "responses", "measure": "responses", "kind": "count"}
        for column, value in text.items():
            columns[column] = pa.array([value] * len(self.n), pa.string())
        columns["answer"] = pa.nulls(len(self.n), pa.string())
        columns["n"] = pa.array(self.n)
        for column in ("n_effective", "weight"):
            columns[column] = pa.array(self.n.astype(float))
        for column in ("total", "total_squared", "low", "high"):
            columns[column] = pa.nulls(len(self.n), pa.float64())
        return pa.table(columns)

    def hierarchies(self, table: str = "table") -> pa.Table:
        """Return how the values add up, as `protect` wants it."""
        rows = [
            (table, dimension, partition.name, partition.parent, child)
            for dimension, tree in zip(self.dimensions, self.trees, strict=True)
            for partition in tree
            for child in partition.children
        ]
        names = ("study", "dimension", "partition", "parent", "child")
        return pa.table(
            {
                n: pa.array(c, pa.string())
                for n, c in zip(names, zip(*rows, strict=True), strict=True)
            }
        )


def _ancestors(tree: Sequence[Partition]) -> dict[str, tuple[str, ...]]:
    """Every value that holds a value, itself included."""
    up: dict[str, set[str]] = {}
    for partition in tree:
        up.setdefault(partition.parent, set())
        for child in partition.children:
            up.setdefault(child, set()).add(partition.parent)

    def above(value: str) -> set[str]:
        return {value}.union(*(above(parent) for parent in up[value]))

    return {value: tuple(sorted(above(value))) for value in up}


def flat(values: Sequence[str]) -> list[Partition]:
    """Return the tree of a total with nothing between it and its parts."""
    return [Partition("parts", TOTAL, tuple(values))]


def grouped(name: str, groups: Mapping[str, Sequence[str]]) -> list[Partition]:
    """Return the tree of a total over groups of values."""
    found = [Partition(name, TOTAL, tuple(groups))]
    return found + [Partition(name, group, tuple(values)) for group, values in groups.items()]


def _groups(frame: pl.DataFrame, value: str, group: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    pairs = frame.select(value, group).unique().sort(group, value)
    for of_value, of_group in pairs.iter_rows():
        found.setdefault(f"{group} {of_group}", []).append(of_value)
    return found


def _read(file: str) -> pl.DataFrame:
    return pl.read_csv(PUBLIC / file, infer_schema_length=0)


def _norwegian(
    name: str, file: str, count: str, groupings: Mapping[str, Sequence[str]], **where: str
) -> Instance:
    """Read a table of Statistics Norway; `groupings` name the overlapping ones per dimension."""
    frame = _read(file)
    for column, value in where.items():
        frame = frame.filter(pl.col(column) == value)
    trees: dict[str, list[Partition]] = {}
    for dimension, over in groupings.items():
        values = frame[dimension].unique().sort().to_list()
        ways = (grouped(group, _groups(frame, dimension, group)) for group in over)
        trees[dimension] = list(itertools.chain(*ways)) if over else flat(values)
    numbers = frame[count].cast(pl.Float64).round().cast(pl.Int64)
    places = frame.select(tuple(groupings)).iter_rows()
    return Instance.of(name, trees, dict(zip(places, numbers, strict=True)))


def public(name: str) -> Instance:
    """Read a public table: a file, or `sosialFiktiv county` with a number or `x group`."""
    regions = {"region": ("fylke", "kostragr"), "hovedint": ()}
    months = regions | {"mnd": ("mnd2",)}
    makers: dict[str, Callable[[], Instance]] = {
        "z1": lambda: _norwegian(name, "z1.csv", "ant", {"region": (), "hovedint": ()}),
        "z2": lambda: _norwegian(name, "z2.csv", "ant", regions),
        "z3": lambda: _norwegian(name, "z3.csv", "n", months),
        "datatest1": _datatest1,
        "sosialFiktiv": lambda: _norwegian(name, "sosialFiktiv.csv", "ant", months),
        "sosialFiktiv county x group": _counties_by_group,
    }
    if name.startswith("sosialFiktiv county ") and name not in makers:
        return _county(name)
    return makers[name]()


def _county(name: str) -> Instance:
    """Read the municipalities of one county; their groups would single some of them out."""
    where = {"fylke": name.removeprefix("sosialFiktiv county ") + ".0"}
    shape = {"region": (), "hovedint": (), "mnd": ("mnd2",)}
    return _norwegian(name, "sosialFiktiv.csv", "ant", shape, **where)


def _datatest1() -> Instance:
    dimensions = ("treff", "cj", "type_distrib", "A10")
    frame = _read("datatest1.csv")
    leaves = frame.filter(pl.all_horizontal(pl.col(d) != "Total" for d in dimensions))
    trees = {d: flat(leaves[d].unique().sort().to_list()) for d in dimensions}
    numbers = leaves["nb_obs"].cast(pl.Float64).ceil().cast(pl.Int64)
    places = leaves.select(dimensions).iter_rows()
    return Instance.of("datatest1", trees, dict(zip(places, numbers, strict=True)))


def _counties_by_group() -> Instance:
    """Counties by groups of municipalities, without the municipalities."""
    frame = _read("sosialFiktiv.csv").with_columns(pl.col("ant").cast(pl.Float64))
    keys = ("fylke", "kostragr", "hovedint", "mnd", "mnd2")
    summed = frame.group_by(keys).agg(pl.col("ant").sum().round().cast(pl.Int64)).sort(keys)
    parts = summed.with_columns(part=pl.format("{} {}", "fylke", "kostragr"))
    trees = {
        "part": [
            *grouped("fylke", _groups(parts, "part", "fylke")),
            *grouped("kostragr", _groups(parts, "part", "kostragr")),
        ],
        "hovedint": flat(parts["hovedint"].unique().sort().to_list()),
        "mnd": grouped("mnd2", _groups(parts, "mnd", "mnd2")),
    }
    places = parts.select("part", "hovedint", "mnd").iter_rows()
    leaves = dict(zip(places, parts["ant"], strict=True))
    return Instance.of("sosialFiktiv county x group", trees, leaves)


def drawn(
    name: str, trees: Mapping[str, Sequence[Partition]], seed: int, mean: float, spread: float = 1.2
) -> Instance:
    """Draw lognormal counts of at least 1, larger in some values of a dimension than in others."""
    rng = np.random.default_rng(seed)
    leaves = [_leaves(tree) for tree in trees.values()]
    size = [rng.normal(0.0, spread / 2, len(values)) for values in leaves]
    counts = {}
    for index in itertools.product(*(range(len(values)) for values in leaves)):
        place = tuple(values[i] for values, i in zip(leaves, index, strict=True))
        centre = mean + sum(float(s[i]) for s, i in zip(size, index, strict=True))
        counts[place] = 1 + int(rng.lognormal(centre, spread / 2))
    counts[min(counts)] = 1  # tau-ARGUS takes the smallest cell for the least of any
    return Instance.of(name, trees, counts)


def _leaves(tree: Sequence[Partition]) -> list[str]:
    parents = {partition.parent for partition in tree}
    return sorted({c for partition in tree for c in partition.children} - parents)


def linked(values: int, prefix: str, *sizes: int) -> list[Partition]:
    """Return a tree with overlapping groupings, one for each number of groups in `sizes`.

    The first takes neighbours together, the others every so many-th value.
    """
    names = [f"{prefix}{number:02d}" for number in range(values)]
    found: list[Partition] = []
    for way, size in enumerate(sizes):
        groups: dict[str, list[str]] = {}
        for number, value in enumerate(names):
            group = number * size // values if way == 0 else number % size
            groups.setdefault(f"{prefix}-{way}-{group}", []).append(value)
        found += grouped(f"way {way}", groups)
    return found


def table_119(seed: int) -> Instance:
    """Draw 17 regions, counties and groups by 7 products and groups of products."""
    trees = {"region": linked(11, "r", 3, 2), "product": linked(4, "p", 2)}
    return drawn(f"119 cells, {seed}", trees, seed, 2.6)


def table_551(seed: int) -> Instance:
    """Draw 29 regions, counties and groups by 19 products, groups and lines of products."""
    trees = {"region": linked(20, "r", 5, 3), "product": linked(12, "p", 4, 2)}
    return drawn(f"551 cells, {seed}", trees, seed, 2.6)


def table_450(seed: int) -> Instance:
    """Draw 15 regions, counties and groups by 5 products by 4 quarters, with totals."""
    trees = {
        "region": linked(9, "r", 3, 2),
        "product": flat([f"p{i}" for i in range(5)]),
        "quarter": flat([f"q{i}" for i in range(4)]),
    }
    return drawn(f"450 cells, {seed}", trees, seed, 2.6)


SHAPES = ((6, 5), (5, 8), (4, 4), (3, 4, 3), (3, 3, 4), (8, 3), (2, 5, 3), (7, 6))


def random_table(seed: int, shape: tuple[int, ...] | None = None) -> Instance:
    """Draw a table of two or three dimensions with a total on each."""
    shape = shape or SHAPES[seed % len(SHAPES)]
    trees = {f"d{axis}": flat([f"v{i}" for i in range(k)]) for axis, k in enumerate(shape)}
    return drawn("x".join(map(str, shape)) + f", {seed}", trees, seed, 3.0, 1.4)
