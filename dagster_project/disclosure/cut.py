"""Cuts the cells into blocks that know nothing of each other.

Belongs here: reading the input tables, judging that they are additive, one `Block` per study,
organisation and year. Does not belong here: judging rows one by one (refuse), any decision.

No equation crosses from one organisation to another, nor from one year to the next, so a block is
protected on its own; that is what makes the whole grow linearly and run in parallel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.block import TOLERANCE, Block, Equation, Measure
from dagster_project.disclosure.history import with_history
from dagster_project.disclosure.ledger import Ledger
from dagster_project.disclosure.refuse import CARRIED, refuse, tree_of
from dagster_project.disclosure.rules import BASE_GROUP, CELL, TOTAL, Rules

DIMENSIONS = ("organisation_code", "period", "channel", "product_code", "segment")
FIGURES = ("n", "n_effective", "weight", "total", "total_squared", "low", "high")

Branches = Mapping[str, Mapping[str, list[tuple[str, ...]]]]
"""Children by dimension and parent: one tuple for each partition of the parent."""


@dataclass(frozen=True)
class Piece:
    """The rows of one block: cells of now, and of a ledger its `cells` and `touched`, if any.

    `branches` are how the cells of its study add up.
    """

    study: str
    rows: pl.DataFrame
    released: pl.DataFrame | None
    touched: pl.DataFrame | None
    branches: Branches

    def block(self) -> Block:
        """Make the block, with its history.

        Raises:
            ValueError: no cell has a row in the base group, or a total is not the sum of its parts.

        """
        block = _block(self.study, self.rows, self.branches)
        if self.released is None:
            return block
        touched = pl.DataFrame(Ledger.empty().touched) if self.touched is None else self.touched
        equations = partial(_equations, self.branches)
        return with_history(block, self.released, touched, _measure, equations)


def cut_into_blocks(
    cells: pa.Table,
    hierarchies: pa.Table,
    rules: Mapping[str, Rules],
    ledger: Ledger | None = None,
) -> list[Piece]:
    """Cut the cells into blocks, sorted by study, organisation and year.

    Raises:
        ValueError: a study has no rules, a column is missing, or a row cannot be (see `refuse`).

    """
    tree = tree_of(hierarchies)
    if cells.num_rows == 0:
        return []
    refuse(cells, rules)
    frame = _rows(cells)
    branches = _branches(tree)
    ledger = ledger or Ledger.empty()
    released = _by_block(_rows(ledger.cells), tree)
    touched = _by_block(pl.DataFrame(ledger.touched), tree)
    return [
        Piece(key[0], rows, released.get(key), touched.get(key), branches[key[0]])
        for key, rows in _by_block(frame, tree).items()
    ]


_KEY = ("study", "unit", "year")


def _rows(table: pa.Table) -> pl.DataFrame:
    """Keep what decides, as numbers: nobody is no limit to the effective number of respondents."""
    wanted = [column for column in table.column_names if column in _COLUMNS]
    frame = pl.DataFrame(table.select(wanted)).filter(pl.col("kind") != CARRIED)
    weight = "weight" if "weight" in wanted else "n"
    zero = pl.lit(0.0)
    return frame.with_columns(
        pl.col("n").cast(pl.Int64),
        pl.col("n_effective").cast(pl.Float64).fill_null(float("inf")),
        pl.col(weight).cast(pl.Float64).fill_null(zero).alias("weight"),
        *(
            (pl.col(name) if name in wanted else zero).cast(pl.Float64).fill_null(zero).alias(name)
            for name in ("total", "total_squared", "low", "high")
        ),
    )


def _by_block(frame: pl.DataFrame, tree: pl.DataFrame) -> dict[tuple[str, ...], pl.DataFrame]:
    """Rows by study, organisation (all of them where they add up) and year, sorted."""
    spanning = set(tree.filter(pl.col("dimension") == "organisation_code")["study"])
    keyed = frame.join(_outermost_periods(tree), on=["study", "period"], how="left").with_columns(
        year=pl.coalesce("year", "period"),
        unit=pl.when(pl.col("study").is_in(spanning))
        .then(pl.lit(TOTAL))
        .otherwise("organisation_code"),
    )
    order = (*_KEY, *CELL[1:], "disclosure_group", "measure", "answer", "version")
    ordered = keyed.sort([column for column in order if column in keyed.columns])
    parts = ordered.partition_by(*_KEY, maintain_order=True, as_dict=True)
    return {tuple(str(part) for part in key): rows for key, rows in parts.items()}


_COLUMNS = {
    *CELL,
    *("disclosure_group", "measure", "kind", "answer", "version", "published"),
    *FIGURES,
}


def _outermost_periods(tree: pl.DataFrame) -> pl.DataFrame:
    """For each period that is part of another, the outermost one that holds it."""
    steps = tree.filter(pl.col("dimension") == "period").select("study", "parent", "child").unique()
    found = steps.select("study", period="child", year="parent")
    while True:
        onward = found.join(
            steps.select("study", year="child", next="parent"), on=["study", "year"], how="left"
        )
        if onward["next"].null_count() == onward.height:
            return found.unique(["study", "period"], keep="any").sort("study", "period")
        found = onward.select("study", "period", year=pl.coalesce("next", "year"))


def _branches(tree: pl.DataFrame) -> Mapping[str, Branches]:
    """Return how the cells of each study add up."""
    found: dict[str, dict[str, dict[str, list[tuple[str, ...]]]]] = defaultdict(dict)
    grouped = tree.group_by("study", "dimension", "parent", "partition").agg(pl.col("child").sort())
    for study, dimension, parent, _, children in grouped.sort(
        "study", "dimension", "parent", "partition"
    ).iter_rows():
        nodes = found[study].setdefault(dimension, {})
        nodes.setdefault(parent, []).append(tuple(children))
    return found


def _block(study: str, rows: pl.DataFrame, branches: Branches) -> Block:
    numbered = rows.with_columns(cell=pl.struct(CELL).rank("dense").cast(pl.Int64) - 1)
    names = numbered.select("cell", *CELL).unique("cell").sort("cell").drop("cell")
    cells = tuple(names.iter_rows())
    groups: dict[str, list[Measure]] = {}
    for (group, name, answer), part in numbered.partition_by(
        "disclosure_group", "measure", "answer", maintain_order=True, as_dict=True
    ).items():
        measure = _measure(str(group), str(name), answer, part)
        groups.setdefault(measure.group, []).append(measure)
    base = groups.pop(BASE_GROUP, None)
    if base is None or len(base) != 1:
        raise ValueError(f"study {study}: {cells[0]} needs one measure in group {BASE_GROUP}")
    equations = tuple(_equations(branches, cells))
    block = Block(study, cells, equations, base[0], {g: tuple(groups[g]) for g in sorted(groups)})
    for measure in (block.base, *(m for group in block.measures.values() for m in group)):
        _check_sums(block, measure)
    return block


def _measure(group: str, name: str, answer: object, part: pl.DataFrame) -> Measure:
    return Measure(
        group=group,
        name=name,
        answer=None if answer is None else str(answer),
        kind=str(part["kind"][0]),
        low=float(part["low"][0]),
        high=float(part["high"][0]),
        cells=part["cell"].to_numpy(),
        n=part["n"].to_numpy(),
        effective=part["n_effective"].to_numpy(),
        weight=part["weight"].to_numpy(),
        total=part["total"].to_numpy(),
        squares=part["total_squared"].to_numpy(),
    )


def _equations(branches: Branches, cells: tuple[tuple[str, ...], ...]) -> Iterator[Equation]:
    """Every way in which a cell of the block is the sum of others."""
    # a cell by its place on each dimension; the two columns of a segment are one place
    places = [
        (organisation, period, channel, product, TOTAL if s == TOTAL else f"{s}={value}")
        for _, organisation, period, channel, product, s, value in cells
    ]
    position: dict[tuple[str, ...], int] = {place: number for number, place in enumerate(places)}
    for axis, dimension in enumerate(DIMENSIONS):
        nodes = branches.get(dimension, {})
        for parent, place in enumerate(places):
            for partition in nodes.get(place[axis], ()):
                parts = (position.get((*place[:axis], c, *place[axis + 1 :])) for c in partition)
                children = tuple(part for part in parts if part is not None)
                if children:
                    yield Equation(parent, children)


def _check_sums(block: Block, measure: Measure) -> None:
    """Refuse a total that is not the sum of its parts: nothing proved about it would hold."""
    values = np.zeros((len(block.names), 4))
    values[measure.cells] = np.column_stack(
        [measure.n, measure.weight, measure.total, measure.squares]
    )
    asked = np.zeros(len(block.names), dtype=bool)
    asked[measure.cells] = True
    for equation in block.equations:
        children = [child for child in equation.children if asked[child]]
        if not asked[equation.parent] or not children:
            continue
        gap = np.abs(values[equation.parent] - values[children].sum(axis=0))
        # what is no number is not near anything
        if not (gap <= TOLERANCE * np.maximum(1.0, np.abs(values[equation.parent]))).all():
            raise ValueError(
                f"{measure.group}, {measure.name} in {'/'.join(block.names[equation.parent])}: "
                "the total is not the sum of its parts"
            )
