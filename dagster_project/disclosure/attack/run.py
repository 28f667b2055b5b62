"""The attack itself: blocks in parallel, each in every vintage and every difference of vintages.

Belongs here: input, order, workers, the result as tables. Does not belong here: the steps of the
attack on a block.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from dagster_project.common.spawned import in_order
from dagster_project.disclosure.attack.blocks import BOUNDED, CLASSES, Block, Catalogue
from dagster_project.disclosure.attack.cut import cut
from dagster_project.disclosure.attack.intervals import Intervals, Term
from dagster_project.disclosure.attack.layout import BASE, FIGURES, Layout
from dagster_project.disclosure.attack.on_block import (
    Outcome,
    Plan,
    attack_block,
    attack_prepared,
    prepare,
)
from dagster_project.disclosure.attack.tables import NOW

Progress = Callable[[str], None]
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""What the libraries of linear algebra read when they are loaded."""

BOUNDS: dict[str, Any] = {
    "measure": pl.String,
    "answer": pl.String,
    "figure": pl.String,
    "vintage": pl.Int32,
    "since": pl.Int32,
    "low": pl.Float64,
    "high": pl.Float64,
    "exact": pl.Boolean,
    "complete": pl.Boolean,
    "floor": pl.Float64,
    "people": pl.Int64,
    "equation": pl.String,
    "terms": pl.List(pl.Struct({"factor": pl.Float64, "cell": pl.List(pl.String)})),
}
KEPT = {
    "key": np.int64,
    **dict.fromkeys(("measure", "answer", "vintage", "since", "people"), np.int32),
    "figure": np.int8,
    **dict.fromkeys(("low", "high", "floor"), np.float64),
    **dict.fromkeys(("exact", "complete"), np.bool_),
}
"""The columns of intervals while they are numbers; nowhere near 2^31 people are behind one."""
UNIONS: dict[str, Any] = {
    "measure": pl.String,
    "vintage": pl.Int32,
    "since": pl.Int32,
    "weight": pl.Int64,
    "movers": pl.Int64,
    "members": pl.List(pl.String),
    "equation": pl.String,
}


@dataclass(frozen=True)
class Attack:
    """What can be worked out; internal.

    `intervals` has one row per hidden figure: the columns of a cell, `measure`, `answer` (of a
    distribution), `figure` (`n`, `total`, `mean`), `vintage` (0 is the one under attack), `since`
    (null, or the earlier vintage that was subtracted), `low` and `high` (may be infinite), `exact`,
    `complete` (the bounds are the best there are; otherwise the interval is at least that wide),
    `floor` (the fewest respondents that the mere existence of rows shows), `people` (behind a
    difference, of `changed`), `equation`, how it follows where it is exact, and `terms`: the
    published cells, each with its factor, whose sum gives every figure of the cell, null where none
    does.

    `unions` has the lightest union per block, measure, vintage and difference, if it has fewer
    than `min_n` people: the columns of its first cell, `measure`, `vintage`, `since`, `weight`
    (respondents; in a difference the people of `changed`), `movers`, `members` (names of its cells)
    and `equation`.

    `contradictions` names what in the figures could not be true at once, as (cell, measure), and
    `limit` counts integer programs that took too long: what they were to find is not known.
    """

    intervals: pa.Table
    unions: pa.Table
    programs: int
    seconds: float
    contradictions: tuple[tuple[tuple[str, ...], str], ...]
    limit: int


def silent(message: str) -> None:
    """Report nothing."""
    del message


def attack(
    figures: pa.Table,
    hierarchies: pa.Table,
    scales: pa.Table,
    *,
    layout: Layout | None = None,
    min_n: Mapping[str, int] | int = 10,
    targets: pa.Table | None = None,
    changed: pa.Table | None = None,
    moved: pa.Table | None = None,
    apart: pa.Table | None = None,
    workers: int = 1,
    explain: bool = True,
    explain_within: float = 0.0,
    progress: Progress = silent,
) -> Attack:
    """Work out what follows from published figures.

    Of 100 respondents 60 are of C; the row of A and of B is hidden:

    >>> import pyarrow as pa
    >>> rows = [("all", 100), ("A", None), ("B", None), ("C", 60)]
    >>> figures = pa.Table.from_pylist([
    ...     {"study": "s", "organisation_code": "o", "period": "2020", "channel": "all",
    ...      "product_code": product, "segment": "all", "measure": "responses", "vintage": 0,
    ...      "hidden": n is None, "n": n and float(n), "weight": n and float(n)}
    ...     for product, n in rows])
    >>> adds_up = pa.Table.from_pylist([
    ...     {"study": "s", "dimension": "product_code", "partition": "product", "parent": "all",
    ...      "child": product} for product in "ABC"])
    >>> scales = pa.Table.from_pylist([], pa.schema(
    ...     [("study", pa.string()), ("metric", pa.string()), ("kind", pa.string()),
    ...      ("low", pa.float64()), ("high", pa.float64())]))
    >>> found = attack(figures, adds_up, scales)
    >>> for row in found.intervals.to_pylist():
    ...     print(row["product_code"], row["measure"], row["low"], row["high"], row["exact"])
    A responses 0.0 40.0 False
    B responses 0.0 40.0 False

    Nothing is exact, and A and B together are 40, which is no small union:

    >>> found.unions.num_rows
    0

    Args:
        figures: what is published, one row per cell, measure (and answer): the columns of a cell,
            measure, answer (of a distribution), vintage (0 is under attack; 1 and up are earlier
            vintages of the block, the oldest first), hidden, n, weight, top, bottom, plus, zero,
            minus (see `figures_of`, which makes them). A hidden row may tell something all the
            same, as a printed `<10` does, or a rounded mean of known respondents: n_low, n_high,
            top_low, top_high, bottom_low and bottom_high are bounds of its figures, and null where
            nothing is given. A row whose n_low is given need not hold a respondent.
        hierarchies: how cells add up: the table column, dimension, partition, parent, child.
        scales: the table column, metric, kind (`mean`, `net`, `share` or `distribution`), low,
            high: what scores each measure can have.
        layout: how cells are named.
        min_n: the fewest respondents of a union that may be known, by table.
        targets: the figures whose bounds are wanted: the columns of a cell, measure, figure,
            vintage, low and high. A bound is searched for until the interval reaches down to `low`
            and up to `high` (for a mean, either), or is proven (null: always); all other figures
            are searched until it is certain that they are not exact. The figure `union` names the
            cells that may be in a small union, with their respondents as `low`. None: everything is
            proven, and any hidden leaf may be in one. `targets_of` makes them of the true cells.
        changed: people behind the differences of vintages: the columns of a leaf cell, measure,
            before, after (vintages; 0 is now) and people. None: differences are not attacked.
        moved: the same, with a `to_` column for each dimension, and altered: those who were in
            another leaf before.
        apart: the columns of a cell and measure: where people are counted in another cell than
            they responded in, so that they are not taken for part of its respondents.
        workers: processes.
        explain: whether what is exact gets an equation.
        explain_within: an n gets one too if its bounds are at most this far apart.
        progress: called with how far the attack is.

    Raises:
        ValueError: a hierarchy is over an unknown dimension.

    """
    begun = time.perf_counter()
    layout = layout or Layout()
    catalogue, count, blocks = cut(
        _complete(pl.DataFrame(figures), layout),
        pl.DataFrame(hierarchies),
        pl.DataFrame(scales),
        layout,
        targets=None if targets is None else pl.DataFrame(targets),
        changed=None if changed is None else _changes(changed, moved, layout),
        apart=None if apart is None else pl.DataFrame(apart),
    )
    plan = Plan(catalogue, min_n, explain, explain_within)
    intervals, unions, contradictions = _Intervals(catalogue), [], []
    programs = limit = 0
    for done, (table, outcome) in enumerate(_each(blocks, plan, workers), start=1):
        intervals.add(table, outcome.intervals)
        unions += outcome.unions
        contradictions += outcome.contradictions
        programs += outcome.programs
        limit += outcome.limit
        if done % max(1, count // 20) == 0:
            progress(f"attack: {done} of {count} blocks")
    schema: dict[str, Any] = dict.fromkeys(layout.cell, pl.String)
    return Attack(
        intervals.named().to_arrow(),
        pl.DataFrame(unions, schema | UNIONS, orient="row").to_arrow(),
        programs,
        time.perf_counter() - begun,
        tuple(contradictions),
        limit,
    )


def _complete(figures: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Add the columns that are not there, empty."""
    kinds: dict[str, Any] = {"answer": pl.String, "vintage": pl.Int64}
    bounds = [f"{name}_{end}" for name in BOUNDED for end in ("low", "high")]
    kinds |= dict.fromkeys((*CLASSES, *bounds), pl.Float64)
    return figures.select(
        *layout.cell,
        "measure",
        "hidden",
        *(
            (pl.col(name) if name in figures.columns else pl.lit(None)).cast(kind).alias(name)
            for name, kind in kinds.items()
        ),
    ).with_columns(pl.col("vintage").fill_null(NOW))


def _changes(changed: pa.Table, moved: pa.Table | None, layout: Layout) -> pl.DataFrame:
    """Put the movers under those who changed."""
    to = [f"to_{dimension}" for dimension in layout.dimensions]
    kinds: dict[str, Any] = dict.fromkeys((*layout.cell, "measure", *to), pl.String)
    kinds |= dict.fromkeys(("before", "after", "people"), pl.Int64)
    parts = []
    for table, mover in ((changed, False), (moved, True)):
        if table is None:
            continue
        rows = pl.DataFrame(table)
        columns = [
            (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
            for name, kind in (kinds | {"altered": pl.Boolean}).items()
        ]
        rows = rows.select(columns).with_columns(pl.col("altered").fill_null(value=False))
        parts.append(rows.with_columns(mover=pl.lit(mover)))
    return pl.concat(parts)


def _each(blocks: Iterator[Block], plan: Plan, workers: int) -> Iterator[tuple[str, Outcome]]:
    """Attack the blocks, a few at a time in each process, in their order."""
    if workers == 1:
        for block in blocks:
            yield block.table, attack_block(block, plan)
        return
    pieces = ((block.table, (block,)) for block in blocks)
    with _one_thread_each():
        yield from in_order(attack_prepared, pieces, workers, initializer=prepare, initargs=(plan,))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that are started here do linear algebra in one thread.

    With a thread per core in every process, the threads mostly wait for one another.
    """
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Intervals:
    """The intervals of all blocks, with names as numbers until all are there."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._tables: list[str] = []
        self._parts: list[dict[str, npt.NDArray[Any]]] = []
        self._texts: dict[int, str] = {}
        self._terms: dict[int, list[Term]] = {}
        self._rows = 0

    def add(self, table: str, found: Intervals) -> None:
        """Add those of a block of a table."""
        columns = found.joined()
        if not columns:
            return
        part: dict[str, npt.NDArray[Any]] = {
            name: column.astype(KEPT[name]) for name, column in columns.items() if name in KEPT
        }
        part["table"] = np.full(found.rows, len(self._tables), dtype=np.int32)
        self._tables.append(table)
        self._texts |= {self._rows + row: text for row, text in found.texts.items()}
        self._terms |= {self._rows + row: terms for row, terms in found.terms.items() if terms}
        self._parts.append(part)
        self._rows += found.rows

    def named(self) -> pl.DataFrame:
        """Return them with their names."""
        layout, measures = self._catalogue.layout, self._catalogue.measures
        schema: dict[str, Any] = dict.fromkeys(layout.cell, pl.String) | BOUNDS
        if not self._parts:
            return pl.DataFrame(schema=schema)
        columns = {
            name: np.concatenate([p.pop(name) for p in self._parts]) for name in (*KEPT, "table")
        }
        key, measure = columns.pop("key"), columns.pop("measure")
        values = {layout.table: _named(self._tables, columns.pop("table"))}
        for dimension, labels, stride in zip(
            layout.dimensions, self._catalogue.labels, self._catalogue.strides, strict=True
        ):
            values[dimension] = _named(labels, key // stride % len(labels))
        values["measure"] = _named([*(one.name for one in measures), BASE], measure)
        answer, firsts = columns.pop("answer"), [0]
        for one in measures:
            firsts.append(firsts[-1] + len(one.answers))
        answers = [answer for one in measures for answer in one.answers]
        place = np.where(answer < 0, -1, np.array(firsts)[measure] + answer)
        values["answer"] = _named([*answers, None], place)
        values["figure"] = _named(FIGURES, columns.pop("figure"))
        for name in ("since", "people"):
            number = pl.Series(columns.pop(name))
            values[name] = number.set(number < 0, None)
        values["equation"] = self._by_row(self._texts, pl.String)
        named = {
            row: [{"factor": factor, "cell": cell} for factor, cell in terms]
            for row, terms in self._terms.items()
        }
        values["terms"] = self._by_row(named, BOUNDS["terms"])
        frame = pl.DataFrame(values | columns)
        return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())

    def _by_row(self, found: Mapping[int, Any], kind: Any) -> pl.Series:  # noqa: ANN401
        """Lay out what some rows have over all rows."""
        place = np.full(self._rows, len(found))
        place[list(found)] = np.arange(len(found))
        return pl.Series([*found.values(), None], dtype=kind).gather(place)


def _named(names: Sequence[str | None], place: npt.NDArray[Any]) -> pl.Series:
    """Return a name for each place among them; the last for -1."""
    return pl.Series(names, dtype=pl.String).gather(np.where(place < 0, len(names) - 1, place))
