"""The suppression pattern: which disclosure group is published in which cell.

Belongs here: the order of the steps, the result as tables. Does not belong here: the steps.

A *cell* is named by the columns of a `Layout`. Its *base group* counts the respondents themselves;
every other *disclosure group* holds the figures computed from one question, or a composite with its
items, which are published or hidden together. Groups are nested: what is hidden in the base group
is hidden in every group of the cell, never the other way round; and each leaves the hidden numbers
of respondents as open as the base group does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from dagster_project.common.spawned import in_order
from dagster_project.disclosure.protect.cut import Cut, cut_into_blocks
from dagster_project.disclosure.protect.decide import Counts, Decision, protect_block
from dagster_project.disclosure.protect.rules import Layout, Rules
from dagster_project.disclosure.protect.vintages import Vintages

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """What a pattern costs; internal, as it counts hidden cells.

    `rows` counts the rows of the pattern, `cells` the cells with respondents, `publishable` those
    that are not small themselves, `primary` the small ones and `secondary` those hidden to protect
    others. `groups_hidden` counts suppressed rows. `respondents_lost` is the share of respondents,
    among those in publishable cells, whose cell is hidden. `unmet` counts demands that no pattern
    could meet, `programs` the linear programs solved.
    """

    rows: int
    cells: int
    publishable: int
    primary: int
    secondary: int
    groups_hidden: int
    respondents_lost: float
    unmet: int
    programs: int
    seconds: float


@dataclass(frozen=True)
class Pattern:
    """What may be published.

    `table` has a row per cell and group, sorted: the columns of the layout, `disclosure_group`,
    `status` (`published` or `suppressed`) and `role` (`primary` or `secondary` where suppressed;
    internal).
    """

    table: pa.Table
    report: Report


def silent(_: str) -> None:
    """Report no progress."""


def protect(
    cells: pa.Table,
    hierarchies: pa.Table,
    rules: Mapping[str, Rules],
    *,
    layout: Layout = Layout(),  # noqa: B008
    decided: pa.Table | None = None,
    vintages: Vintages | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> Pattern:
    """Decide for each cell and disclosure group whether its figures may be published.

    Args:
        cells: one row per cell, group, measure and (for a distribution) answer. Text: the columns
            of the layout (`all` where a dimension is a total), `disclosure_group`, `measure`,
            `kind` (`count`, `mean`, `net`, `share` or `distribution`; rows of kind `carried` go
            along with their group) and `answer` (null but in a distribution). Numbers: `n`
            respondents (whole) and `n_effective` (Kish; n without weights, null for nobody). Only
            where something is weighted: `weight`, the sum of weights (else n). Only where there are
            scores: `total` and `total_squared`, the sums of weighted scores and of weighted squared
            scores, and `low` and `high`, the ends of their scale. Other columns are not looked at.
            The group `responses` has one measure, of kind `count`, in every cell with respondents.
            A group has a row in every cell where its question is asked, also where nobody answered.
            Nobody answers who is no respondent of the cell, but for measures of kind `count`: they
            may count others, such as people by the cell in which they were invited.
        hierarchies: how cells add up: the column of the table, `dimension`, `partition`, `parent`,
            `child` (text). `dimension` is one of the layout. The values of one partition's children
            add up to the parent's, in every cell; an absent child is 0.
        rules: the rules of every table that occurs in `cells`.
        layout: the columns that name a cell.
        decided: cells and groups that are decided already: the columns of the layout,
            `disclosure_group` and `status`. They keep their status: those that are published are
            known, those that are suppressed stay so and must not become known.
        vintages: which values of the time dimension are vintages of one another, and who changed
            between them (see `Vintages`). Every vintage is in `cells`, earlier ones are decided.
        workers: processes to share the blocks among.
        progress: hears how far it is.

    Returns:
        The pattern; without cells, one without rows.

    Raises:
        ValueError: in one line, what no promise would cover: a table without rules, a missing
            column, rows that stand there twice, numbers that are missing, negative, infinite or
            none, answers without a respondent, sums that scores on that scale cannot have, a total
            that is not the sum of its parts.

    """
    begun = time.perf_counter()
    cut = cut_into_blocks(cells, hierarchies, rules, layout, decided=decided, vintages=vintages)
    decisions = []
    for done, decision in enumerate(_each(cut, rules, workers), start=1):
        decisions.append(decision)
        if done % max(1, len(cut) // 20) == 0:
            progress(f"disclosure: {done} of {len(cut)} blocks protected")
    table = _table(cut.names, decisions, layout)
    seconds = time.perf_counter() - begun
    return Pattern(table, _report([one.counts for _, one in decisions], len(table), seconds))


def _report(counts: Sequence[Counts], rows: int, seconds: float) -> Report:
    people = sum(one.people for one in counts)
    return Report(
        rows=rows,
        cells=sum(one.cells for one in counts),
        publishable=sum(one.publishable for one in counts),
        primary=sum(one.primary for one in counts),
        secondary=sum(one.secondary for one in counts),
        groups_hidden=sum(one.groups_hidden for one in counts),
        respondents_lost=sum(one.lost for one in counts) / people if people else 0.0,
        unmet=sum(one.unmet for one in counts),
        programs=sum(one.programs for one in counts),
        seconds=seconds,
    )


def _each(cut: Cut, rules: Mapping[str, Rules], workers: int) -> Iterator[tuple[int, Decision]]:
    """Protect the blocks in their order, each named by the number of its first cell."""
    if workers == 1 or len(cut) == 1:
        for table, first, block in cut:
            yield first, protect_block(block, rules[table])
        return
    pieces = ((first, (block, rules[table])) for table, first, block in cut)
    yield from in_order(protect_block, pieces, workers)


def _table(
    names: pl.DataFrame, decisions: Sequence[tuple[int, Decision]], layout: Layout
) -> pa.Table:
    """List all cells and groups with what becomes of them."""
    groups = sorted({group for _, decision in decisions for group in decision.rows})
    columns: list[list[npt.NDArray[Any]]] = [[], [], [], []]
    for first, decision in decisions:
        for group, (there, hidden, small) in decision.rows.items():
            place = np.full(len(there), groups.index(group), dtype=np.uint32)
            columns[0].append(first + there)
            columns[1].append(place)
            columns[2].append(hidden)
            columns[3].append(small)
    number, place, hidden, small = (np.concatenate(c) if c else np.zeros(0, int) for c in columns)
    group_of = pl.Series(groups, dtype=pl.Enum(groups)).gather(place)
    found = pl.DataFrame({"disclosure_group": group_of, "hidden": hidden != 0, "small": small != 0})
    role = pl.when("small").then(pl.lit("primary")).otherwise(pl.lit("secondary"))
    return (
        pl.concat([names[number], found], how="horizontal")
        .sort(*layout.cell, "disclosure_group")
        .select(
            pl.col(*layout.cell, "disclosure_group").cast(pl.String),
            status=pl.when("hidden").then(pl.lit("suppressed")).otherwise(pl.lit("published")),
            role=pl.when("hidden").then(role),
        )
        .to_arrow()
    )
