"""Numbers the names: cells as one integer each, measures, and the nodes of the hierarchies.

Belongs here: the coding of names and back. Does not belong here: figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from dagster_project.disclosure.attack.names import CLOSE, DIMENSIONS, OF_QUESTION, TOTAL

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Measure:
    """One additive figure of a study.

    `kind` is `count`, `mean`, `net`, `share` or `distribution`; `low` and `high` are the ends of
    the scale (0 and 1 for counts and answers); `answers` are the codes of a distribution and
    `single` says whether each respondent gives one of them.
    """

    study: str
    name: str
    kind: str
    low: float
    high: float
    weighted: bool
    answers: tuple[str, ...] = ()
    single: bool = True


@dataclass(frozen=True)
class Node:
    """A complete partition: the value `parent` of a dimension is the sum of the `children`."""

    dimension: int
    parent: int
    children: Ints


@dataclass(frozen=True)
class Catalogue:
    """Everything that names are coded by.

    `labels` are the values of each dimension of `DIMENSIONS`; a cell is the number whose digits,
    with weights `strides`, are the positions of its values there.
    """

    labels: tuple[tuple[str, ...], ...]
    strides: tuple[int, ...]
    measures: tuple[Measure, ...]
    nodes: Mapping[str, tuple[Node, ...]]

    def digits(self, keys: Ints) -> Ints:
        """Positions of the values of each cell: one row per dimension."""
        sizes = [len(labels) for labels in self.labels]
        pairs = zip(self.strides, sizes, strict=True)
        return np.stack([keys // stride % size for stride, size in pairs])

    def label(self, key: int) -> str:
        """Name a cell for people: its values that are not `all`, separated by blanks."""
        values = [
            labels[key // stride % len(labels)]
            for labels, stride in zip(self.labels, self.strides, strict=True)
        ]
        return " ".join(value for value in values if value != TOTAL) or TOTAL


def segment_value() -> pl.Expr:
    """Return the breakdown and its value as one text, as the hierarchies name it."""
    return (
        pl.when(pl.col("segment") == TOTAL)
        .then(pl.lit(TOTAL))
        .otherwise(pl.concat_str("segment", "segment_value", separator="="))
    )


def make_catalogue(
    rows: pl.DataFrame, hierarchies: pl.DataFrame, scales: pl.DataFrame
) -> Catalogue:
    """Give a number to all values in `rows` (as from `figures`) or in the hierarchies."""
    labels = tuple(
        tuple(sorted(set(_values(rows, dimension)) | _nodes_of(hierarchies, dimension)))
        for dimension in DIMENSIONS
    )
    strides = [1]
    for values in labels[:0:-1]:
        strides.insert(0, strides[0] * max(1, len(values)))
    return Catalogue(labels, tuple(strides), _measures(rows, scales), _nodes(hierarchies, labels))


def key_of(catalogue: Catalogue) -> pl.Expr:
    """Return the number of a row's cell; null if a value is not in the catalogue."""
    parts = []
    for dimension, values, stride in zip(
        DIMENSIONS, catalogue.labels, catalogue.strides, strict=True
    ):
        column = segment_value() if dimension == "segment" else pl.col(dimension)
        parts.append(position(column, values).cast(pl.Int64) * stride)
    return pl.sum_horizontal(parts, ignore_nulls=False)


def position(column: pl.Expr, values: Sequence[str]) -> pl.Expr:
    """Return the place of each text in `values`; null where it is none of them."""
    return column.cast(pl.Enum(values), strict=False).to_physical()


def _values(rows: pl.DataFrame, dimension: str) -> list[str]:
    column = segment_value() if dimension == "segment" else pl.col(dimension)
    return rows.select(column.alias("value").unique())["value"].to_list()


def _nodes_of(hierarchies: pl.DataFrame, dimension: str) -> set[str]:
    nodes = hierarchies.filter(pl.col("dimension") == dimension)
    return set(nodes["parent"]) | set(nodes["child"])


def _nodes(
    hierarchies: pl.DataFrame, labels: tuple[tuple[str, ...], ...]
) -> dict[str, tuple[Node, ...]]:
    grouped = hierarchies.group_by("study", "dimension", "partition", "parent").agg(
        pl.col("child").unique().sort()
    )
    found: dict[str, tuple[Node, ...]] = {}
    for study, dimension, _, parent, children in grouped.sort(
        "study", "dimension", "partition", "parent"
    ).iter_rows():
        if dimension not in DIMENSIONS:
            raise ValueError(f"hierarchy of study {study} over unknown dimension {dimension}")
        place = DIMENSIONS.index(dimension)
        codes = {value: code for code, value in enumerate(labels[place])}
        node = Node(place, codes[parent], np.array([codes[child] for child in children]))
        found[study] = (*found.get(study, ()), node)
    return found


def _measures(rows: pl.DataFrame, scales: pl.DataFrame) -> tuple[Measure, ...]:
    known = {
        (study, metric): (kind, low, high)
        for study, metric, kind, low, high in scales.select(
            "study", "metric", "kind", "low", "high"
        ).iter_rows()
        if kind != "distribution"
    }
    weighted = set(rows.filter((pl.col("weight") - pl.col("n")).abs() > CLOSE)["study"])
    several = _several_answers(rows)
    answers = rows.group_by("study", "measure").agg(pl.col("answer").drop_nulls().unique().sort())
    found = []
    for study, name, codes in answers.sort("study", "measure").iter_rows():
        kind, low, high = known.get((study, name), ("count", 0.0, 1.0))
        if name.startswith(OF_QUESTION):
            kind, low, high = "distribution", 0.0, 1.0
        single = (study, name) not in several
        of_study = study in weighted and kind != "count"
        found.append(Measure(study, name, kind, low, high, of_study, tuple(codes), single))
    return tuple(found)


def _several_answers(rows: pl.DataFrame) -> set[tuple[str, str]]:
    """Distributions whose answers are more than their respondents in some cell."""
    counts = (
        rows.filter(pl.col("answer").is_not_null() & ~pl.col("hidden"))
        .group_by("release", "study", "measure", *(d for d in DIMENSIONS), "segment_value")
        .agg(given=pl.col("top").sum(), weight=pl.col("weight").first())
    )
    more = counts.filter((pl.col("given") - pl.col("weight")).abs() > CLOSE * pl.col("weight"))
    return set(more.select("study", "measure").unique().iter_rows())


def period_roots(hierarchies: pl.DataFrame) -> pl.DataFrame:
    """For each period in a hierarchy, one period that stands for all it is connected with."""
    roots: dict[tuple[str, str], str] = {}
    for study, parent, child in (
        hierarchies.filter(pl.col("dimension") == "period")
        .select("study", "parent", "child")
        .iter_rows()
    ):
        a = roots.setdefault((study, parent), parent)
        b = roots.setdefault((study, child), child)
        if a != b:
            kept, gone = min(a, b), max(a, b)
            for place, root in roots.items():
                if place[0] == study and root == gone:
                    roots[place] = kept
    return pl.DataFrame(
        [(study, period, root) for (study, period), root in roots.items()],
        schema={"study": pl.String, "period": pl.String, "root": pl.String},
        orient="row",
    )
