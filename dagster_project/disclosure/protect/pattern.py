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
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect.answerers import fewest_answers
from dagster_project.disclosure.protect.blocks import Block, Flags, Ints, Piece, cut_into_blocks
from dagster_project.disclosure.protect.figures import FigureDemands
from dagster_project.disclosure.protect.groups import Group
from dagster_project.disclosure.protect.groups import Pattern as GroupPattern
from dagster_project.disclosure.protect.improve import improve
from dagster_project.disclosure.protect.respondents import RespondentDemands, Tally
from dagster_project.disclosure.protect.rules import BASE_GROUP, Layout, Rules
from dagster_project.disclosure.protect.take_back import take_back
from dagster_project.disclosure.protect.vintages import Vintages

AHEAD = 8
"""Blocks per worker that are handed out before the first of them must be done."""

SHARES_TO_HIDE = (0.125, 0.25, 0.5, 1.0)
"""Of the cells that may be published, where cheaper repairs fail; the least useful first."""

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
    """Report progress to nobody."""


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
    pieces, names = cut_into_blocks(
        cells, hierarchies, rules, layout, decided=decided, vintages=vintages
    )
    decisions = []
    for done, decision in enumerate(_each(pieces, rules, workers), start=1):
        decisions.append(decision)
        if done % max(1, len(pieces) // 20) == 0:
            progress(f"disclosure: {done} of {len(pieces)} blocks protected")
    table = _table(names, decisions, layout)
    seconds = time.perf_counter() - begun
    return Pattern(table, _report([one.counts for one in decisions], len(table), seconds))


@dataclass(frozen=True)
class _Counts:
    """What the pattern of one block costs; see `Report`. `people` and `lost` count respondents."""

    cells: int
    publishable: int
    primary: int
    secondary: int
    people: int
    lost: int
    groups_hidden: int
    unmet: int
    programs: int


@dataclass(frozen=True)
class _Decision:
    """The pattern of one block: by group the numbers of its cells, which are hidden and small."""

    rows: Mapping[str, tuple[Ints, Flags, Flags]]
    counts: _Counts


def _report(counts: Sequence[_Counts], rows: int, seconds: float) -> Report:
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


def _each(pieces: Sequence[Piece], rules: Mapping[str, Rules], workers: int) -> Iterator[_Decision]:
    """Protect the blocks in their order; only a few of them wait in memory at a time."""
    if workers == 1 or len(pieces) == 1:
        for piece in pieces:
            yield _protect_piece(piece, rules[piece.table])
        return
    # spawned, not forked: the caller may run threads
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[_Decision]] = deque()
        for piece in pieces:
            waiting.append(pool.submit(_protect_piece, piece, rules[piece.table]))
            if len(waiting) > AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _protect_piece(piece: Piece, rules: Rules) -> _Decision:
    block, tally = piece.block(), Tally()
    patterns = decide(block, rules, tally)
    base = patterns[BASE_GROUP]
    n = block.respondents
    publishable = (n > 0) & ~base.group.small
    lost = base.hidden & publishable
    rows = {}
    for name, pattern in patterns.items():
        there = np.flatnonzero(pattern.group.asked)
        hidden, small = pattern.hidden[there], pattern.group.small[there]
        rows[name] = piece.numbers[there], hidden, small
    counts = _Counts(
        cells=int((n > 0).sum()),
        publishable=int(publishable.sum()),
        primary=int(((n > 0) & base.group.small).sum()),
        secondary=int(lost.sum()),
        people=int(n[publishable].sum()),
        lost=int(n[lost].sum()),
        groups_hidden=sum(int(hidden.sum()) for _, hidden, _ in rows.values()),
        unmet=tally.unmet + sum(pattern.unmet for pattern in patterns.values()),
        programs=tally.programs,
    )
    return _Decision(rows, counts)


def decide(block: Block, rules: Rules, tally: Tally) -> dict[str, GroupPattern]:
    """Settle the base group, then the others, each from what the base group publishes.

    What another group published before may leave no way to protect what it has to hide beside the
    respondents that the base group publishes. Then more of those is hidden: first the respondents
    of the very cells in question; and if it is not enough to concede what nothing can help, more
    and more, the least useful first.
    """
    nothing = np.zeros(block.size, dtype=bool)
    base = GroupPattern.from_nothing(Group.of(block, rules, [block.base], nothing))
    people = RespondentDemands(base, tally, fewest_answers(block))
    if _meet(base, people, tally):
        base, people = improve(base, people)
    ranked = np.flatnonzero(base.group.candidates)
    ranked = ranked[np.argsort(-base.group.rank[ranked])]
    shares, concealed, concedes = list(SHARES_TO_HIDE), base.hidden.copy(), False
    while True:
        before = tally.unmet
        patterns, pinned = _others(block, rules, base, people, concedes=concedes)
        more = np.flatnonzero(pinned & base.group.candidates & ~concealed)
        if tally.unmet == before or not (len(more) or shares):
            return patterns
        tally.unmet = before
        if not (len(more) or concedes):
            concedes = True
            continue
        if not len(more):
            more = ranked[: int(np.ceil(shares.pop(0) * len(ranked)))]
        concealed[more] = True
        base.conceal(more)
        people.meet()


def _others(
    block: Block, rules: Rules, base: GroupPattern, people: RespondentDemands, *, concedes: bool
) -> tuple[dict[str, GroupPattern], Flags]:
    """Settle all groups beside the base group, which comes first.

    Returns:
        The patterns by group; and the cells, shape (cells,), in which the respondents that the base
        group publishes give away who answered.

    """
    witnesses, tally = people.witnesses(), people.tally
    patterns, pinned = {BASE_GROUP: base}, np.zeros(block.size, dtype=bool)
    for name, measures in block.measures.items():
        group = Group.of(block, rules, measures, base.hidden)
        if base.follows(group):
            pattern = GroupPattern.from_base(group, base)
        else:
            pattern = GroupPattern.from_nothing(group)
        figures = FigureDemands(pattern, tally, witnesses, concedes)
        if _meet(pattern, figures, tally):
            take_back(pattern, figures)
        pinned |= figures.pinned
        patterns[name] = pattern
    return patterns, pinned


def _meet(pattern: GroupPattern, demands: RespondentDemands | FigureDemands, tally: Tally) -> bool:
    """Meet the demands on a group; say whether secondaries may be taken back.

    Where the cheapest repairs are not enough, the least useful cells are hidden as well, then more
    and at last all that do not follow from cells decided before; what can be is taken back. A
    demand that is not met even so fails by what was decided alone; what else of the group could be
    published then stays hidden.
    """
    before, told = tally.unmet, pattern.group.told.any()
    demands.meet()
    candidates = np.flatnonzero(pattern.group.candidates)
    candidates = candidates[np.argsort(-pattern.group.rank[candidates])]
    for share in SHARES_TO_HIDE:
        if tally.unmet == before:
            return True
        tally.unmet = before
        demands.forgive_nothing()
        pattern.hide(candidates[: int(np.ceil(share * len(candidates)))])
        pattern.publish_known()
        demands.meet()
    return tally.unmet == before or not told


def _table(names: pl.DataFrame, decisions: Sequence[_Decision], layout: Layout) -> pa.Table:
    """List all cells and groups with what becomes of them."""
    groups = sorted({group for decision in decisions for group in decision.rows})
    columns: list[list[npt.NDArray[Any]]] = [[], [], [], []]
    for decision in decisions:
        for group, (numbers, hidden, small) in decision.rows.items():
            place = np.full(len(numbers), groups.index(group))
            for column, values in zip(columns, (numbers, place, hidden, small), strict=True):
                column.append(values)
    number, place, hidden, small = (np.concatenate(c) if c else np.zeros(0, int) for c in columns)
    found = pl.DataFrame(
        {
            "disclosure_group": np.array(groups, dtype=str)[place.astype(int)],
            "hidden": hidden.astype(bool),
            "small": small.astype(bool),
        },
        schema={"disclosure_group": pl.String, "hidden": pl.Boolean, "small": pl.Boolean},
    )
    role = pl.when("small").then(pl.lit("primary")).otherwise(pl.lit("secondary"))
    return (
        pl.concat([names[number.astype(int)], found], how="horizontal")
        .with_columns(
            status=pl.when("hidden").then(pl.lit("suppressed")).otherwise(pl.lit("published")),
            role=pl.when("hidden").then(role),
        )
        .select(*layout.cell, "disclosure_group", "status", "role")
        .sort(*layout.cell, "disclosure_group")
        .to_arrow()
    )
