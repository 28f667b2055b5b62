"""What to hide in one block: the base group first, then every other group.

Belongs here: the order of the steps on a block, and what the result costs. Does not belong here:
the steps, cutting blocks (cut), sharing them among processes (pattern).

It runs in processes of its own, so nothing that it needs loads data frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dagster_project.disclosure.protect.answerers import fewest_answers
from dagster_project.disclosure.protect.blocks import Block, Flags, Ints
from dagster_project.disclosure.protect.figures import FigureDemands
from dagster_project.disclosure.protect.groups import Group, Pattern
from dagster_project.disclosure.protect.improve import improve
from dagster_project.disclosure.protect.respondents import RespondentDemands, Tally
from dagster_project.disclosure.protect.rules import BASE_GROUP, Rules
from dagster_project.disclosure.protect.take_back import take_back

SHARES_TO_HIDE = (0.125, 0.25, 0.5, 1.0)
"""Of the cells that may be published, where cheaper repairs fail; the least useful first."""


@dataclass(frozen=True)
class Counts:
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
class Decision:
    """The pattern of one block: by group the positions of its cells, which are hidden and small."""

    rows: Mapping[str, tuple[Ints, Flags, Flags]]
    counts: Counts


def protect_block(block: Block, rules: Rules) -> Decision:
    """Decide on all groups of a block."""
    tally = Tally()
    patterns = decide(block, rules, tally)
    base = patterns[BASE_GROUP]
    n = block.respondents
    publishable = (n > 0) & ~base.group.small
    lost = base.hidden & publishable
    rows = {}
    for name, pattern in patterns.items():
        there = np.flatnonzero(pattern.group.asked)
        hidden, small = pattern.hidden[there], pattern.group.small[there]
        rows[name] = there, hidden, small
    counts = Counts(
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
    return Decision(rows, counts)


def decide(block: Block, rules: Rules, tally: Tally) -> dict[str, Pattern]:
    """Settle the base group, then the others, each from what the base group publishes.

    What another group published before may leave no way to protect what it has to hide beside the
    respondents that the base group publishes. Then more of those is hidden: first the respondents
    of the very cells in question; and if it is not enough to concede what nothing can help, more
    and more, the least useful first.
    """
    nothing = np.zeros(block.size, dtype=bool)
    base = Pattern.from_nothing(Group.of(block, rules, [block.base], nothing))
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
    block: Block, rules: Rules, base: Pattern, people: RespondentDemands, *, concedes: bool
) -> tuple[dict[str, Pattern], Flags]:
    """Settle all groups beside the base group, which comes first.

    Returns:
        The patterns by group; and the cells, shape (cells,), in which the respondents that the base
        group publishes give away who answered.

    """
    witnesses, tally = people.witnesses(), people.tally
    patterns, pinned = {BASE_GROUP: base}, np.zeros(block.size, dtype=bool)
    known = [base]
    for name, measures in block.measures.items():
        group = Group.of(block, rules, measures, base.hidden)
        starts = list(_starts(group, base, known))
        if len(starts) == len(group.systems):
            pattern = Pattern.from_base(group, starts)
        else:
            pattern = Pattern.from_nothing(group)
        figures = FigureDemands(pattern, tally, witnesses, concedes)
        if _meet(pattern, figures, tally):
            take_back(pattern, figures)
        pinned |= figures.pinned
        patterns[name] = pattern
    return patterns, pinned


def _starts(group: Group, base: Pattern, known: list[Pattern]) -> Iterator[Pattern]:
    """Yield a pattern of respondents for each system of a group, unless none can start it.

    Many questions are asked in the same cells, so that what their patterns have in common is found
    once and kept in `known`.
    """
    for system in group.systems:
        start = next((one for one in known if one.covers(group, system)), None)
        if start is None:
            start = _where_asked(system.asked, base)
            if not start.covers(group, system):
                return
            known.append(start)
        yield start


def _where_asked(asked: Flags, base: Pattern) -> Pattern:
    """Return the pattern of the respondents in the cells where something is asked."""
    respondents = base.group.block.base
    there = asked[respondents.cells]
    columns = ("cells", "n", "effective", "weight", "total", "squares")
    own = replace(respondents, **{name: getattr(respondents, name)[there] for name in columns})
    return Pattern.from_nothing(Group.of(base.group.block, base.group.rules, [own], base.hidden))


def _meet(pattern: Pattern, demands: RespondentDemands | FigureDemands, tally: Tally) -> bool:
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
