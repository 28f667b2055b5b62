"""Gives every name a number and cuts the figures into blocks that know nothing of each other.

Belongs here: which cells hang together. Does not belong here: the attack on a block.

A block is what equations can connect: in each dimension, the values that occur are joined by the
hierarchies, and cells are in one block if they agree in the joined values of every dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from dagster_project.disclosure.attack.blocks import (
    BOUNDED,
    CLASSES,
    UNION,
    Block,
    Catalogue,
    Changed,
    Measure,
    Node,
    Rows,
    Targets,
)
from dagster_project.disclosure.attack.layout import (
    CLOSE,
    FIGURES,
    OF_QUESTION,
    TOTAL,
    Flags,
    Ints,
    Layout,
)


def cut(
    figures: pl.DataFrame,
    hierarchies: pl.DataFrame,
    scales: pl.DataFrame,
    layout: Layout,
    *,
    targets: pl.DataFrame | None = None,
    changed: pl.DataFrame | None = None,
    apart: pl.DataFrame | None = None,
) -> tuple[Catalogue, int, Iterator[Block]]:
    """Give every name a number and yield the blocks.

    Args:
        figures: see `attack`.
        hierarchies: the table column, dimension, partition, parent, child.
        scales: the table column, metric, kind, low, high.
        layout: how cells are named.
        targets: see `attack`; None for everything.
        changed: the changed and the movers together, with `mover`, `altered` and the `to_` columns.
        apart: see `attack`.

    Returns:
        The catalogue, the number of blocks, and the blocks.

    """
    catalogue = make_catalogue(figures, hierarchies, scales, layout)
    roots = _roots(figures, hierarchies, catalogue)
    coded = _coded(figures, catalogue, roots).sort("block", "vintage", "measure", "key", "answer")
    count = coded["block"].n_unique()
    wanted = None if targets is None else _targets(targets, catalogue, roots)
    moves = {} if changed is None else _by_block(_changes(changed, catalogue, roots))
    alone = {} if apart is None else _by_block(_coded(apart, catalogue, roots))
    return catalogue, count, _blocks(coded, catalogue, wanted, moves, alone)


def make_catalogue(
    figures: pl.DataFrame, hierarchies: pl.DataFrame, scales: pl.DataFrame, layout: Layout
) -> Catalogue:
    """Give a number to all values in the figures or in the hierarchies."""
    strange = hierarchies.filter(~pl.col("dimension").is_in(layout.dimensions))
    if strange.height:
        raise ValueError(f"hierarchy over unknown dimension {strange['dimension'][0]}")
    labels = []
    for dimension in layout.dimensions:
        nodes = hierarchies.filter(pl.col("dimension") == dimension)
        values = {*figures[dimension].unique(), *nodes["parent"], *nodes["child"]}
        labels.append(tuple(sorted(values)))
    strides = [1]
    for values_of in labels[:0:-1]:
        strides.insert(0, strides[0] * max(1, len(values_of)))
    kinds = tuple(
        np.arange(len(values)) if dimension in layout.asked_by else _breakdowns(values)
        for dimension, values in zip(layout.dimensions, labels, strict=True)
    )
    measures = _measures(figures, scales, layout)
    nodes_of = _nodes(hierarchies, labels, layout)
    return Catalogue(layout, tuple(labels), tuple(strides), measures, kinds, nodes_of)


def _breakdowns(values: Sequence[str]) -> Ints:
    """Give each value the number of its breakdown; the total has 0."""
    names = [TOTAL if v == TOTAL else v.partition("=")[0] if "=" in v else "" for v in values]
    known = sorted(set(names) - {TOTAL})
    return np.array([0 if name == TOTAL else 1 + known.index(name) for name in names], np.int64)


def _nodes(
    hierarchies: pl.DataFrame, labels: Sequence[tuple[str, ...]], layout: Layout
) -> dict[str, tuple[Node, ...]]:
    by = [layout.table, "dimension", "partition", "parent"]
    grouped = hierarchies.group_by(by).agg(pl.col("child").unique().sort()).sort(by)
    found: dict[str, tuple[Node, ...]] = {}
    for table, dimension, _, parent, children in grouped.select(*by, "child").iter_rows():
        place = layout.dimensions.index(dimension)
        codes = {value: code for code, value in enumerate(labels[place])}
        node = Node(place, codes[parent], np.array([codes[child] for child in children]))
        found[table] = (*found.get(table, ()), node)
    return found


def _measures(figures: pl.DataFrame, scales: pl.DataFrame, layout: Layout) -> tuple[Measure, ...]:
    scored = scales.filter(pl.col("kind") != "distribution")
    known = {
        (table, metric): (kind, low, high)
        for table, metric, kind, low, high in scored.select(
            layout.table, "metric", "kind", "low", "high"
        ).iter_rows()
    }
    apart = figures.filter((pl.col("weight") - pl.col("n")).abs() > CLOSE)
    weighted, several = set(apart[layout.table]), _several_answers(figures, layout)
    codes = pl.col("answer").drop_nulls().unique().sort()
    by = [layout.table, "measure"]
    found = []
    for table, name, answers in figures.group_by(by).agg(codes).sort(by).iter_rows():
        kind, low, high = known.get((table, name), ("count", 0.0, 1.0))
        if name.startswith(OF_QUESTION):
            kind, low, high = "distribution", 0.0, 1.0
        single = (table, name) not in several
        of_weights = table in weighted and kind != "count"
        found.append(Measure(table, name, kind, low, high, of_weights, tuple(answers), single))
    return tuple(found)


def _several_answers(figures: pl.DataFrame, layout: Layout) -> set[tuple[str, str]]:
    """Distributions whose answers are more than their respondents in some cell."""
    counts = (
        figures.filter(pl.col("answer").is_not_null() & ~pl.col("hidden"))
        .group_by("vintage", *layout.cell, "measure")
        .agg(given=pl.col("top").sum(), weight=pl.col("weight").first())
    )
    more = counts.filter((pl.col("given") - pl.col("weight")).abs() > CLOSE * pl.col("weight"))
    return set(more.select(layout.table, "measure").unique().iter_rows())


def _roots(
    figures: pl.DataFrame, hierarchies: pl.DataFrame, catalogue: Catalogue
) -> list[pl.DataFrame]:
    """For each dimension: table, value, and the value that stands for all it is connected with."""
    layout, found = catalogue.layout, []
    for dimension, labels, stride in zip(
        layout.dimensions, catalogue.labels, catalogue.strides, strict=True
    ):
        occurring = set(figures.select(layout.table, dimension).unique().iter_rows())
        root = {place: place for place in occurring}
        edges = hierarchies.filter(pl.col("dimension") == dimension)
        for table, parent, child in edges.select(layout.table, "parent", "child").iter_rows():
            if {(table, parent), (table, child)} <= occurring:
                one, other = _top(root, (table, parent)), _top(root, (table, child))
                root[max(one, other)] = min(one, other)
        number = {value: code * stride for code, value in enumerate(labels)}
        rows = [(*place, number[_top(root, place)[1]]) for place in sorted(occurring)]
        schema = {layout.table: pl.String, dimension: pl.String, f"root_{dimension}": pl.Int64}
        found.append(pl.DataFrame(rows, schema, orient="row"))
    return found


def _top(root: dict[tuple[str, str], tuple[str, str]], place: tuple[str, str]) -> tuple[str, str]:
    while root[place] != place:
        place = root[place]
    return place


def _position(column: str, values: Sequence[str]) -> pl.Expr:
    """Return the place of each text in `values`; null where it is none of them."""
    return pl.col(column).cast(pl.Enum(values), strict=False).to_physical().cast(pl.Int64)


def _key(catalogue: Catalogue, prefix: str = "") -> pl.Expr:
    """Return the number of a row's cell; null if a value is not in the catalogue."""
    parts = [
        _position(f"{prefix}{dimension}", values) * stride
        for dimension, values, stride in zip(
            catalogue.layout.dimensions, catalogue.labels, catalogue.strides, strict=True
        )
    ]
    return pl.sum_horizontal(parts, ignore_nulls=False)


def _coded(rows: pl.DataFrame, catalogue: Catalogue, roots: list[pl.DataFrame]) -> pl.DataFrame:
    """Add the numbers of measure, cell, answer and block; rows of unknown names are left out."""
    layout = catalogue.layout
    span = catalogue.strides[0] * max(1, len(catalogue.labels[0]))
    tables = sorted({measure.table for measure in catalogue.measures})
    names = pl.DataFrame(
        [
            (m.table, m.name, number, tables.index(m.table) * span)
            for number, m in enumerate(catalogue.measures)
        ],
        {layout.table: pl.String, "measure": pl.String, "number": pl.Int64, "of": pl.Int64},
        orient="row",
    )
    coded = rows.join(names, on=[layout.table, "measure"]).with_columns(key=_key(catalogue))
    for root in roots:
        coded = coded.join(root, on=root.columns[:2])
    parts = ["of", *(root.columns[2] for root in roots)]
    coded = coded.with_columns(measure="number", block=pl.sum_horizontal(parts))
    # the names take far more memory than their numbers
    coded = coded.drop(*layout.dimensions, *parts, "number").drop_nulls("key")
    if "answer" not in rows.columns:
        return coded
    codes = [
        (number, answer, place)
        for number, measure in enumerate(catalogue.measures)
        for place, answer in enumerate(measure.answers)
    ]
    schema = {"measure": pl.Int64, "answer": pl.String, "place": pl.Int64}
    known = pl.DataFrame(codes, schema, orient="row")
    coded = coded.join(known, on=["measure", "answer"], how="left")
    return coded.with_columns(answer=pl.col("place").fill_null(-1))


def _targets(
    targets: pl.DataFrame, catalogue: Catalogue, roots: list[pl.DataFrame]
) -> dict[int, pl.DataFrame]:
    coded = _coded(targets, catalogue, roots)
    place = {**{name: number for number, name in enumerate(FIGURES)}, UNION: -1}
    figure = pl.col("figure").replace_strict(place, return_dtype=pl.Int64)
    return _by_block(
        coded.with_columns(
            figure,
            pl.col("vintage").cast(pl.Int64),
            pl.col("low").fill_null(float("-inf")),
            pl.col("high").fill_null(float("inf")),
        )
    )


def _changes(
    changed: pl.DataFrame, catalogue: Catalogue, roots: list[pl.DataFrame]
) -> pl.DataFrame:
    coded = _coded(changed, catalogue, roots)
    return coded.with_columns(to=_key(catalogue, "to_").fill_null(-1))


def _by_block(coded: pl.DataFrame) -> dict[int, pl.DataFrame]:
    return {int(name): part for (name,), part in coded.partition_by("block", as_dict=True).items()}


def _blocks(
    coded: pl.DataFrame,
    catalogue: Catalogue,
    wanted: dict[int, pl.DataFrame] | None,
    moves: dict[int, pl.DataFrame],
    alone: dict[int, pl.DataFrame],
) -> Iterator[Block]:
    kind = catalogue.kind_of(coded["key"].to_numpy())
    span = 1 + int(kind.max(initial=0))
    code = coded["measure"].to_numpy() * span + kind
    now = np.unique(code[coded["vintage"].to_numpy() == 0])
    starts = np.flatnonzero(np.diff(coded["block"].to_numpy(), prepend=-1))
    for start, end in pairwise([*starts.tolist(), coded.height]):
        part, codes = coded.slice(start, end - start), code[start:end]
        name = part["block"][0]
        keys = np.unique(part["key"].to_numpy())
        vintage = part["vintage"].to_numpy()
        numbers = np.unique(vintage).tolist()
        vintages = {number: _rows(part, keys, vintage == number) for number in numbers}
        # what other blocks were asked at the time of an earlier vintage is not known
        asked = {number: np.unique(codes[vintage == number]) for number in vintages} | {0: now}
        targets = None
        if wanted is not None:
            targets = _targets_in(wanted.get(name), keys)
        changed = _changed_in(moves[name], keys) if name in moves else None
        table = part[catalogue.layout.table][0]
        apart = frozenset(alone[name]["measure"].to_list()) if name in alone else frozenset()
        yield Block(table, keys, vintages, asked, span, targets, changed, apart)


def _rows(part: pl.DataFrame, keys: Ints, mask: Flags) -> Rows:
    rows = part.filter(mask)
    return Rows(
        measure=rows["measure"].to_numpy(),
        answer=rows["answer"].to_numpy(),
        cell=np.searchsorted(keys, rows["key"].to_numpy()),
        hidden=rows["hidden"].to_numpy(),
        values=rows.select(CLASSES).to_numpy(),
        low=rows.select(f"{name}_low" for name in BOUNDED).to_numpy(),
        high=rows.select(f"{name}_high" for name in BOUNDED).to_numpy(),
    )


def _targets_in(part: pl.DataFrame | None, keys: Ints) -> Targets:
    if part is None:
        none = np.empty(0, dtype=np.int64)
        return Targets(none, none, none, none, np.empty(0), np.empty(0))
    cell, kept = _places(part["key"].to_numpy(), keys)
    names = ("measure", "figure", "vintage", "low", "high")
    measure, figure, vintage, low, high = (part[name].to_numpy()[kept] for name in names)
    return Targets(measure, cell[kept], figure, vintage, low, high)


def _changed_in(part: pl.DataFrame, keys: Ints) -> Changed:
    cell, kept = _places(part["key"].to_numpy(), keys)
    to, known = _places(part["to"].to_numpy(), keys)
    names = ("measure", "before", "after", "people", "mover", "altered")
    columns = [part[name].to_numpy()[kept] for name in names]
    measure, before, after, people, mover, altered = columns
    to = np.where(known, to, -1)[kept]
    return Changed(measure, cell[kept], to, before, after, people, mover, altered)


def _places(keys: Ints, known: Ints) -> tuple[Ints, Flags]:
    """Where each key stands among the known ones, and whether it does."""
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return place, known[place] == keys
