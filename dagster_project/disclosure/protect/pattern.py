"""The suppression pattern: which disclosure group is published in which cell.

Belongs here: the blocks in parallel, the result as a table. Does not belong here: a decision.

Every *disclosure group* holds the figures computed from one question, or a composite with its
items, which are published or hidden together. Groups are nested: what is hidden in the base group,
which counts the respondents, is hidden in every group of the cell, never the other way round; and
each leaves the hidden numbers of respondents as open as the base group does.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dagster_project.disclosure.protect.blocks import PUBLISHED, SUPPRESSED, Block, read_blocks
from dagster_project.disclosure.protect.decide import Patterns, decide
from dagster_project.disclosure.protect.demands import Tally
from dagster_project.disclosure.protect.differences import Vintages
from dagster_project.disclosure.protect.rules import Layout, Rules

AHEAD = 8
"""Blocks per worker that are handed out before the first of them must be done."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Counts:
    """What became of one block; see `Report`."""

    cells: int = 0
    publishable: int = 0
    primary: int = 0
    secondary: int = 0
    groups_hidden: int = 0
    people: int = 0
    lost: int = 0
    unmet: int = 0
    programs: int = 0


@dataclass(frozen=True)
class Report:
    """What a pattern costs; internal, as it counts hidden cells.

    `rows` counts the rows of the pattern, `cells` the cells with respondents, `publishable` those
    that are not small themselves, `primary` the small ones and `secondary` those hidden to protect
    others. `groups_hidden` counts groups over all cells. `respondents_lost` is the share of
    respondents, among those in publishable cells, whose cell is hidden. `unmet` counts demands that
    no table could meet, `programs` the linear programs solved.
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

    @classmethod
    def of(cls, counts: Iterable[Counts], rows: int, seconds: float) -> Report:
        """Add up what became of the blocks."""
        every = list(counts)
        total = {f.name: sum(getattr(one, f.name) for one in every) for f in fields(Counts)}
        people, lost = total.pop("people"), total.pop("lost")
        return cls(
            rows=rows, respondents_lost=lost / people if people else 0.0, seconds=seconds, **total
        )


@dataclass(frozen=True)
class Pattern:
    """What may be published.

    `table` has a row per cell and group, sorted: the layout's columns, `disclosure_group`, `status`
    (`published` or `suppressed`) and `role` (`primary` or `secondary` where suppressed; internal).
    """

    table: pa.Table
    report: Report


def silent(_: str) -> None:
    """Report progress to nobody."""


def protect(
    cells: pa.Table,
    hierarchies: pa.Table,
    rules: Mapping[str, Rules],
    *,
    layout: Layout | None = None,
    decided: pa.Table | None = None,
    vintages: Vintages | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> Pattern:
    """Decide for each cell and disclosure group whether its figures may be published.

    Args:
        cells: one row per cell, group, measure and (for a distribution) answer. Text: the layout's
            columns (`all` where a dimension is a total), `disclosure_group`, `measure`, `kind`
            (`count`, `mean`, `net`, `share` or `distribution`; rows of kind `carried` go along with
            their group) and `answer` (null but in a distribution). Numbers: `n` respondents (whole)
            and `n_effective` (Kish; n without weights, null for nobody). Only where something is
            weighted: `weight`, the sum of weights (else n). Only where there are scores: `total`
            and `total_squared`, the sums of weighted scores and of weighted squared scores, and
            `low` and `high`, the ends of their scale. Other columns are not looked at.
            The layout's base group has one measure, of kind `count`, in every cell with
            respondents. A group has a row in every cell where its question is asked, also where
            nobody answered. Nobody answers who is no respondent of the cell, but for measures of
            kind `count`: they may count others, such as people by the cell in which they were
            invited.
        hierarchies: how cells add up: the layout's table column, `dimension`, `partition`, `parent`
            and `child` (text). The values of one partition's children add up to the parent's, in
            every cell; an absent child is 0.
        rules: the rules of every table that occurs in `cells`.
        layout: the columns that name a cell.
        decided: cells whose fate stands already: the layout's columns, `disclosure_group` and
            `status`. They are in `cells` too.
        vintages: which values of the time dimension are vintages of one another, and who changed
            between them (see `Vintages`). Every vintage is in `cells`, earlier ones are decided.
        workers: processes to share the blocks among.
        progress: hears how far it is.

    Returns:
        The pattern, the decided cells included; without cells, one without rows.

    Raises:
        ValueError: in one line, what no promise would cover: a table without rules, a missing
            column, rows that stand there twice, numbers that are missing, negative, infinite or
            none, answers without a respondent, sums that scores on that scale cannot have, a total
            that is not the sum of its parts.

    Example:
        Two of three shops have few visitors. Their 13 together may be known, but not each:

        >>> import pyarrow as pa
        >>> from dagster_project.disclosure.protect import Layout, Rules, protect
        >>> visitors = {"north": 4, "south": 9, "centre": 31, "all": 44}
        >>> cells = pa.Table.from_pylist(
        ...     [
        ...         {"table": "shops", "shop": shop, "disclosure_group": "visitors"}
        ...         | {"measure": "visitors", "kind": "count", "answer": None}
        ...         | {"n": n, "n_effective": float(n)}
        ...         for shop, n in visitors.items()
        ...     ]
        ... )
        >>> tree = {"table": "shops", "dimension": "shop", "partition": "shop", "parent": "all"}
        >>> adds_up = pa.Table.from_pylist(
        ...     [tree | {"child": shop} for shop in ("north", "south", "centre")]
        ... )
        >>> layout = Layout(table="table", dimensions=("shop",), base="visitors")
        >>> pattern = protect(cells, adds_up, {"shops": Rules(min_n=10)}, layout=layout)
        >>> for row in pattern.table.to_pylist():
        ...     print(row["shop"], row["status"])
        all published
        centre published
        north suppressed
        south suppressed

    """
    begun = time.perf_counter()
    layout = layout or Layout()
    count, blocks = read_blocks(
        cells, hierarchies, rules, layout, decided=decided, vintages=vintages
    )
    parts, counts = [_nothing(layout)], []
    for done, (part, found) in enumerate(_each(blocks, rules, layout, workers), start=1):
        parts.append(part)
        counts.append(found)
        if done % max(1, count // 20) == 0:
            progress(f"disclosure: {done} of {count} blocks protected")
    order = [(column, "ascending") for column in (*layout.cell, "disclosure_group")]
    table = pa.concat_tables(parts).sort_by(order)
    return Pattern(table, Report.of(counts, len(table), time.perf_counter() - begun))


def _nothing(layout: Layout) -> pa.Table:
    names = (*layout.cell, "disclosure_group", "status", "role")
    return pa.schema([(name, pa.large_string()) for name in names]).empty_table()


def _each(
    blocks: Iterator[Block], rules: Mapping[str, Rules], layout: Layout, workers: int
) -> Iterator[tuple[pa.Table, Counts]]:
    """Protect the blocks in their order; only a few of them wait in memory at a time."""
    if workers == 1:
        for block in blocks:
            yield protect_block(block, rules[block.table], layout)
        return
    # spawned, not forked: the caller may run threads
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[tuple[pa.Table, Counts]]] = deque()
        for block in blocks:
            waiting.append(pool.submit(protect_block, block, rules[block.table], layout))
            if len(waiting) > AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def protect_block(block: Block, rules: Rules, layout: Layout) -> tuple[pa.Table, Counts]:
    """Decide on one block; its rows of the pattern, and what it cost."""
    tally = Tally()
    patterns = decide(block, rules, tally)
    base, below = patterns[layout.base]
    n = block.respondents
    here = n > 0
    publishable = here & ~base.small
    table = _table(block, patterns, layout)
    lost = below & publishable
    counts = Counts(
        cells=int(here.sum()),
        publishable=int(publishable.sum()),
        primary=int((base.small & here).sum()),
        secondary=int(lost.sum()),
        groups_hidden=sum(int((hidden & layer.asked).sum()) for layer, hidden in patterns.values()),
        people=int(n[publishable].sum()),
        lost=int(n[lost].sum()),
        unmet=tally.unmet,
        programs=tally.programs,
    )
    return table, counts


def _table(block: Block, patterns: Patterns, layout: Layout) -> pa.Table:
    """List the cells in which each group is asked, with what becomes of them."""
    columns: dict[str, list[npt.NDArray[np.object_]]] = {}
    names = np.array(block.names, dtype=object).reshape(block.size, len(layout.cell))
    for group, (layer, hidden) in patterns.items():
        there = layer.asked
        suppressed, small = hidden[there], layer.small[there]
        part = dict(zip(layout.cell, names[there].T, strict=True))
        part["disclosure_group"] = np.full(len(suppressed), group, dtype=object)
        part["status"] = np.where(suppressed, SUPPRESSED, PUBLISHED).astype(object)
        role = np.where(small, "primary", "secondary").astype(object)
        role[~suppressed] = None
        part["role"] = role
        for name, values in part.items():
            columns.setdefault(name, []).append(values)
    frame = {name: np.concatenate(values).tolist() for name, values in columns.items()}
    return pa.table(frame, schema=_nothing(layout).schema)
