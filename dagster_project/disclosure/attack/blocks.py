"""Cuts the figures of all releases into blocks that know nothing of each other.

Belongs here: which cells hang together, as arrays. Does not belong here: the attack on a block.

A block is a study and an organisation (the whole study if its hierarchies add up organisations)
and the periods that equations connect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from dagster_project.disclosure.attack.catalogue import (
    Catalogue,
    Flags,
    Floats,
    Ints,
    key_of,
    make_catalogue,
    period_roots,
    position,
)
from dagster_project.disclosure.attack.names import FIGURES, TOTAL

CLASSES = ("n", "weight", "top", "bottom", "plus", "zero", "minus")


@dataclass(frozen=True)
class Rows:
    """What one release says in a block; arrays with one entry per published or hidden row.

    `measure` and `answer` are numbers of the catalogue (answer -1 where there is none), `cell` is
    a position in the block's cells and `values` has a column for each of `CLASSES`.
    """

    measure: Ints
    answer: Ints
    cell: Ints
    hidden: Flags
    values: Floats


@dataclass(frozen=True)
class Targets:
    """The figures whose intervals matter, and how far is far enough."""

    measure: Ints
    cell: Ints
    figure: Ints
    release: Ints
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Block:
    """One block: its cells and what each release says, the one under attack first.

    `asked` has, per release, the measures asked per kind of cell (see `ask_code`), sorted;
    `targets` is None if every interval matters; `shrunk` are measures in which answers are known
    to have left or changed between releases, or to be counted apart from their respondents.
    """

    study: str
    keys: Ints
    releases: tuple[Rows, ...]
    asked: tuple[Ints, ...]
    ask: Ints
    targets: Targets | None
    shrunk: frozenset[int] = frozenset()


def cut(
    frames: Sequence[pl.DataFrame],
    hierarchies: pl.DataFrame,
    scales: pl.DataFrame,
    targets: pl.DataFrame | None,
    shrunk: pl.DataFrame | None = None,
) -> tuple[Catalogue, int, Iterator[Block]]:
    """Give every name a number and yield the blocks.

    Args:
        frames: the figures of each release (see `figures`), the one under attack first.
        hierarchies: study, dimension, partition, parent, child.
        scales: study, metric, kind, low, high.
        targets: the columns of a cell, measure, figure, release, low, high; None for everything.
        shrunk: the columns of a cell and measure; None for nothing.

    Returns:
        The catalogue, the number of blocks, and the blocks.

    """
    rows = pl.concat(
        [f.with_columns(release=pl.lit(k, dtype=pl.Int64)) for k, f in enumerate(frames)]
    )
    catalogue = make_catalogue(rows, hierarchies, scales)
    coded = _coded(rows, catalogue, hierarchies)
    wanted = None
    if targets is not None:
        wanted = _coded(targets, catalogue, hierarchies).with_columns(
            figure=position(pl.col("figure"), FIGURES).cast(pl.Int64),
            release=-pl.col("release").cast(pl.Int64),
            low=pl.col("low").fill_null(float("-inf")),
            high=pl.col("high").fill_null(float("inf")),
        )
        wanted = wanted.drop_nulls(["key", "measure"]).sort("study", "unit", "root")
    coded = coded.with_columns(block=pl.struct("study", "unit", "root").rank("dense") - 1)
    coded = coded.sort("block", "release", "measure", "key", "answer")
    count = coded["block"].n_unique()
    fewer: dict[tuple[object, ...], frozenset[int]] = {}
    if shrunk is not None and shrunk.height:
        parts = _coded(shrunk, catalogue, hierarchies).drop_nulls(["measure"])
        for name, part in parts.partition_by("study", "unit", "root", as_dict=True).items():
            fewer[name] = frozenset(int(number) for number in part["measure"])
    return catalogue, count, _blocks(coded, wanted, fewer, len(frames))


def _coded(rows: pl.DataFrame, catalogue: Catalogue, hierarchies: pl.DataFrame) -> pl.DataFrame:
    names = pl.DataFrame(
        {
            "study": [m.study for m in catalogue.measures],
            "measure": [m.name for m in catalogue.measures],
            "number": np.arange(len(catalogue.measures), dtype=np.int64),
        },
        schema_overrides={"study": pl.String, "measure": pl.String},
    )
    spanning = hierarchies.filter(pl.col("dimension") == "organisation_code")["study"].unique()
    period = position(pl.col("period"), catalogue.labels[1]).cast(pl.Int64)
    channel = position(pl.col("channel"), catalogue.labels[2]).cast(pl.Int64)
    channels, segments = len(catalogue.labels[2]), len(catalogue.labels[4])
    segment = position(pl.col("segment"), sorted(rows["segment"].unique())).cast(pl.Int64)
    coded = (
        rows.join(names, on=["study", "measure"], how="left")
        .join(period_roots(hierarchies), on=["study", "period"], how="left")
        .with_columns(
            measure="number",
            key=key_of(catalogue),
            root=pl.coalesce("root", "period"),
            unit=pl.when(pl.col("study").is_in(spanning.to_list()))
            .then(pl.lit(TOTAL))
            .otherwise("organisation_code"),
            # what is asked does not depend on the organisation or the product
            ask=((period * channels + channel) * 2 + (pl.col("product_code") == TOTAL))
            * (segments + 1)
            + segment,
        )
    )
    if "answer" not in rows.columns:
        return coded
    codes = pl.DataFrame(
        [
            (number, answer, place)
            for number, measure in enumerate(catalogue.measures)
            for place, answer in enumerate(measure.answers)
        ],
        schema={"measure": pl.Int64, "answer": pl.String, "place": pl.Int64},
        orient="row",
    )
    return coded.join(codes, on=["measure", "answer"], how="left").with_columns(
        answer=pl.col("place").fill_null(-1)
    )


def _blocks(
    coded: pl.DataFrame,
    wanted: pl.DataFrame | None,
    shrunk: Mapping[tuple[object, ...], frozenset[int]],
    releases: int,
) -> Iterator[Block]:
    asked = {
        (study, release): (numbers.to_numpy(), kinds.to_numpy())
        for (study, release), numbers, kinds in (
            (name, part["measure"], part["ask"])
            for name, part in coded.select("study", "release", "measure", "ask")
            .unique()
            .partition_by("study", "release", as_dict=True)
            .items()
        )
    }
    none = (np.empty(0, np.int64), np.empty(0, np.int64))
    span = 1 + int(coded["ask"].to_numpy().max(initial=0))
    kinds_asked = {name: np.sort(m * span + k) for name, (m, k) in asked.items()}
    by_block = (
        wanted.partition_by("study", "unit", "root", as_dict=True) if wanted is not None else {}
    )
    starts = np.flatnonzero(np.diff(coded["block"].to_numpy(), prepend=-1))
    for start, end in pairwise([*starts.tolist(), coded.height]):
        part = coded.slice(start, end - start)
        name = (part["study"][0], part["unit"][0], part["root"][0])
        keys, first = np.unique(part["key"].to_numpy(), return_index=True)
        targets = None
        if wanted is not None:
            targets = _targets(by_block.get(name, wanted.head(0)), keys)
        yield Block(
            study=name[0],
            keys=keys,
            releases=tuple(_rows(part, keys, release) for release in range(releases)),
            asked=tuple(
                kinds_asked.get((name[0], release), none[0]) for release in range(releases)
            ),
            ask=np.stack([part["ask"].to_numpy()[first], np.full(len(keys), span)]),
            targets=targets,
            shrunk=shrunk.get(name, frozenset()),
        )


def _rows(part: pl.DataFrame, keys: Ints, release: int) -> Rows:
    rows = part.filter(pl.col("release") == release)
    return Rows(
        measure=rows["measure"].to_numpy(),
        answer=rows["answer"].to_numpy(),
        cell=np.searchsorted(keys, rows["key"].to_numpy()),
        hidden=rows["hidden"].to_numpy(),
        values=rows.select(CLASSES).to_numpy(),
    )


def _targets(part: pl.DataFrame, keys: Ints) -> Targets:
    part = part.filter(pl.col("key").is_in(keys.tolist()))
    return Targets(
        measure=part["measure"].to_numpy(),
        cell=np.searchsorted(keys, part["key"].to_numpy()),
        figure=part["figure"].to_numpy(),
        release=part["release"].to_numpy(),
        low=part["low"].to_numpy(),
        high=part["high"].to_numpy(),
    )
