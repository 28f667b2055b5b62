"""The suppression pattern: which disclosure group is published in which cell.

Belongs here: the order of the steps, the result as tables. Does not belong here: the steps.

A *cell* is a study, organisation, period, channel, product and segment. Its *base group* counts the
respondents themselves; every other *disclosure group* holds the figures computed from one question,
or a composite with its items, which are published or hidden together. Groups are nested: what is
hidden in the base group is hidden in every group of the cell, never the other way round; and each
leaves the hidden numbers of respondents as open as the base group does, as far as what earlier
releases told allows.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.disclosure.block import Block, Flags, Ints
from dagster_project.disclosure.cut import Piece, cut_into_blocks
from dagster_project.disclosure.decide import Patterns, decide
from dagster_project.disclosure.demands import Tally
from dagster_project.disclosure.layer import Layer
from dagster_project.disclosure.ledger import Ledger
from dagster_project.disclosure.memory import Counts, Memory, Part, fingerprint
from dagster_project.disclosure.rules import BASE_GROUP, CELL, Rules

AHEAD = 8
"""Blocks per worker that are handed out before the first of them must be done."""

PATTERN_SCHEMA = pa.schema(
    [
        *((name, pa.large_string()) for name in (*CELL, "disclosure_group", "status")),
        ("version", pa.int32()),
        ("role", pa.large_string()),
    ]
)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """What a pattern costs; internal, as it counts hidden cells.

    `rows` counts the rows of the pattern, `cells` the cells with respondents, `publishable` those
    that are not small themselves, `primary` the small ones and `secondary` those hidden to protect
    others, not counting those shown as an earlier release had them. `groups_hidden` and `frozen`
    count groups over all cells. `respondents_lost` is the share of respondents, among those in
    publishable cells, whose cell is hidden. `quiet` counts the blocks (study, organisation and
    year) of which nothing new is told, as what was told before leaves no way to; `unmet` counts
    demands that no table could meet even so, `programs` the linear programs solved, and
    `remembered` the blocks that were decided before.
    """

    rows: int
    cells: int
    publishable: int
    primary: int
    secondary: int
    groups_hidden: int
    frozen: int
    respondents_lost: float
    quiet: int
    unmet: int
    programs: int
    remembered: int
    seconds: float


@dataclass(frozen=True)
class Pattern:
    """What may be published.

    `table` has a row per cell and group, sorted: the columns of `CELL`, `disclosure_group`,
    `status` (`published`, `frozen` or `suppressed`), `version` (of the release a frozen figure is
    from, else null) and `role` (`primary` or `secondary` where suppressed; internal).
    """

    table: pa.Table
    report: Report


def silent(_: str) -> None:
    """Report progress to nobody."""


def protect(
    cells: pa.Table,
    hierarchies: pa.Table,
    ledger: Ledger | None,
    rules: Mapping[str, Rules],
    *,
    memory: Memory | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> Pattern:
    """Decide for each cell and disclosure group whether its figures may be published.

    Args:
        cells: one row per cell, group, measure and (for a distribution) answer. Text: the columns
            of `CELL` (`all` where a dimension is a total), `disclosure_group`, `measure`, `kind`
            (`count`, `mean`, `net`, `share` or `distribution`; rows of kind `carried` go along with
            their group) and `answer` (null but in a distribution). Numbers: `n` respondents (whole)
            and `n_effective` (Kish; n without weights, null for nobody). Only where something is
            weighted: `weight`, the sum of weights (else n). Only where there are scores: `total`
            and `total_squared`, the sums of weighted scores and of weighted squared scores, and
            `low` and `high`, the ends of their scale. Other columns are not looked at.
            The group `responses` has one measure, of kind `count`, in every cell with respondents.
            A group has a row in every cell where its question is asked, also where nobody answered.
            Nobody answers who is no respondent of the cell, but for measures of kind `count`: they
            may count others, such as people by the cell in which they were invited.
        hierarchies: how cells add up: `study`, `dimension`, `partition`, `parent`, `child` (text).
            `dimension` is `organisation_code`, `period`, `channel`, `product_code` or `segment`.
            The values of one partition's children add up to the parent's, in every cell; an absent
            child is 0. A place on `segment` is `all` or `<segment>=<segment_value>`.
        ledger: everything released before, as `LedgerStore` reads it; None or `Ledger.empty()` for
            nothing.
        rules: the rules of every study that occurs in `cells`.
        memory: blocks that were decided before, which are not decided again; it learns the others.
        workers: processes to share the organisations among.
        progress: hears how far it is.

    Returns:
        The pattern; without cells, one without rows.

    Raises:
        ValueError: in one line, what no promise would cover: a study without rules, a missing
            column, rows that stand there twice, numbers that are missing, negative, infinite or
            none, answers without a respondent, sums that scores on that scale cannot have, a total
            that is not the sum of its parts.

    """
    begun = time.perf_counter()
    pieces = cut_into_blocks(cells, hierarchies, rules, ledger)
    memory = memory or Memory()
    tasks = (_Task.of(piece, rules[piece.study], memory) for piece in pieces)
    parts, remembered = [], 0
    for done, (task, part) in enumerate(_each(tasks, workers), start=1):
        memory.keep(task.key, part)
        parts.append(part)
        remembered += task.known is not None
        if done % max(1, len(pieces) // 20) == 0:
            progress(f"disclosure: {done} of {len(pieces)} blocks protected")
    order = [(column, "ascending") for column in (*CELL, "disclosure_group")]
    nothing = PATTERN_SCHEMA.empty_table()
    table = pa.concat_tables([nothing, *(part.table for part in parts)]).sort_by(order)
    seconds = time.perf_counter() - begun
    return Pattern(table, _report([part.counts for part in parts], len(table), remembered, seconds))


def _report(counts: Sequence[Counts], rows: int, remembered: int, seconds: float) -> Report:
    people = sum(one.people for one in counts)
    return Report(
        rows=rows,
        cells=sum(one.cells for one in counts),
        publishable=sum(one.publishable for one in counts),
        primary=sum(one.primary for one in counts),
        secondary=sum(one.secondary for one in counts),
        groups_hidden=sum(one.groups_hidden for one in counts),
        frozen=sum(one.frozen for one in counts),
        respondents_lost=sum(one.lost for one in counts) / people if people else 0.0,
        quiet=sum(one.quiet for one in counts),
        unmet=sum(one.unmet for one in counts),
        programs=sum(one.programs for one in counts),
        remembered=remembered,
        seconds=seconds,
    )


@dataclass(frozen=True)
class _Task:
    """A block to decide on, its fingerprint, and what was decided of it before, if anything."""

    piece: Piece
    rules: Rules
    key: bytes
    known: Part | None

    @classmethod
    def of(cls, piece: Piece, rules: Rules, memory: Memory) -> _Task:
        key = fingerprint(piece, rules)
        return cls(piece, rules, key, memory.recall(key))


def _each(tasks: Iterable[_Task], workers: int) -> Iterator[tuple[_Task, Part]]:
    """Protect the blocks in their order; only a few of them wait in memory at a time."""
    if workers == 1:
        for task in tasks:
            yield task, task.known or _protect_block(task.piece, task.rules)
        return
    # spawned, not forked: the caller may run threads
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[tuple[_Task, Future[Part]]] = deque()
        for task in tasks:
            waiting.append((task, _begin(pool, task)))
            if len(waiting) > AHEAD * workers:
                yield _done(*waiting.popleft())
        while waiting:
            yield _done(*waiting.popleft())


def _begin(pool: ProcessPoolExecutor, task: _Task) -> Future[Part]:
    if task.known is None:
        return pool.submit(_protect_block, task.piece, task.rules)
    known: Future[Part] = Future()
    known.set_result(task.known)
    return known


def _done(task: _Task, part: Future[Part]) -> tuple[_Task, Part]:
    return task, part.result()


def _protect_block(piece: Piece, rules: Rules) -> Part:
    block, tally = piece.block(), Tally()
    patterns = decide(block, rules, tally)
    quiet = tally.unmet > 0 and block.history is not None
    if quiet:
        tally = Tally(programs=tally.programs)
        patterns = decide(block, rules, tally, quiet=True)
    base, below = patterns[BASE_GROUP]
    n = block.respondents
    here = block.current & (n > 0)
    publishable = here & ~base.small
    table = _table(block, patterns)
    lost = below & publishable
    lost[block.current] &= ~_stays(block, BASE_GROUP, base, below)[0]
    counts = Counts(
        quiet=quiet,
        cells=int(here.sum()),
        publishable=int(publishable.sum()),
        primary=int((base.small & here).sum()),
        secondary=int(lost.sum()),
        groups_hidden=table.filter(pc.equal(table["status"], "suppressed")).num_rows,
        frozen=table.filter(pc.equal(table["status"], "frozen")).num_rows,
        people=int(n[publishable].sum()),
        lost=int(n[lost].sum()),
        unmet=tally.unmet,
        programs=tally.programs,
    )
    return Part(table, counts)


def _table(block: Block, patterns: Patterns) -> pa.Table:
    """List the cells of now with what becomes of them; one that is gone only if it stays."""
    parts = []
    current = np.flatnonzero(block.current)
    names = pl.DataFrame([block.names[i] for i in current], schema=list(CELL), orient="row")
    for group, (layer, hidden) in patterns.items():
        frozen, last = _stays(block, group, layer, hidden)
        suppressed = hidden[current] & ~frozen
        small = layer.small[current]
        status = np.where(suppressed, "suppressed", np.where(frozen, "frozen", "published"))
        role = [
            None if not gone else ("primary" if own else "secondary")
            for gone, own in zip(suppressed, small, strict=True)
        ]
        parts.append(
            names.with_columns(
                disclosure_group=pl.lit(group),
                status=pl.Series(status),
                version=pl.Series(np.where(frozen, last, 0), dtype=pl.Int32),
                role=pl.Series(role, dtype=pl.String),
            )
            .with_columns(version=pl.when(pl.col("version") > 0).then("version"))
            .filter(pl.Series(layer.asked[current] & (frozen | _listed(layer)[current])))
        )
    return pl.concat(parts).to_arrow()


def _stays(block: Block, group: str, layer: Layer, hidden: Flags) -> tuple[Flags, Ints]:
    """Which cells of now stay as released, and in which version they were; shapes (current,).

    Those that were told, and cannot be told as they are now. One that has become too small goes
    once that is the work of at least min_n respondents.
    """
    history, current = block.history, block.current
    if history is None or group not in history.last:
        return np.zeros(current.sum(), dtype=bool), np.zeros(current.sum(), dtype=np.int64)
    last = history.last[group]
    gone = layer.small[current] & (history.since[group] >= layer.rules.min_n)
    return np.asarray(hidden[current] & (last > 0) & ~gone), last


def _listed(layer: Layer) -> Flags:
    """Cells that the input lists for the group, shape (cells,)."""
    return layer.block.listed(layer.measures[0].group)
