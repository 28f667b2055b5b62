"""Decides on one block: which of its cells are hidden in which group.

Belongs here: the order of groups, and of elimination and bounds. Does not belong here: either of
them (layer; demands and figures), what becomes of a hidden cell (protect).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from dagster_project.disclosure.block import Block, Flags, Floats
from dagster_project.disclosure.demands import Respondents, Tally, hide_for_respondents
from dagster_project.disclosure.figures import hide_for_figures, known_to_have_answered
from dagster_project.disclosure.layer import Layer, make_layer, suppress
from dagster_project.disclosure.rules import BASE_GROUP, Rules

ROUNDS = 3
"""How often the whole greedy choice is made anew around what bounds require to be hidden."""

Patterns = Mapping[str, tuple[Layer, Flags]]
"""Per group its layer and what of it is hidden, shape (cells,)."""


def decide(block: Block, rules: Rules, tally: Tally, *, quiet: bool = False) -> Patterns:
    """Settle the base group, then the others; `quiet`: tell nothing that was not told before.

    What turns out to be known of answers, whatever is decided, changes what can be asked of the
    base group: then all is settled anew.
    """
    respondents = Respondents(_known_to_have_answered(block, rules))
    while True:
        before, unmet = respondents.answered.copy(), tally.unmet
        patterns = _settle_groups(block, rules, tally, respondents, quiet=quiet)
        if np.array_equal(before, respondents.answered):
            return patterns
        tally.unmet = unmet


def _settle_groups(
    block: Block, rules: Rules, tally: Tally, respondents: Respondents, *, quiet: bool
) -> Patterns:
    nothing = np.zeros(block.size, dtype=bool)
    base = make_layer(block, rules, [block.base], nothing, quiet=quiet)
    below = _settle(base, partial(hide_for_respondents, respondents=respondents), tally)
    patterns = {BASE_GROUP: (base, below)}
    for group, measures in block.measures.items():
        layer = make_layer(block, rules, measures, below, quiet=quiet)
        hidden = _settle(layer, partial(hide_for_figures, respondents=respondents), tally)
        patterns[group] = (layer, hidden)
    return patterns


def _known_to_have_answered(block: Block, rules: Rules) -> Floats:
    if block.history is None:
        return np.zeros(block.size)
    hidden = ~block.stated(BASE_GROUP)
    groups = (make_layer(block, rules, group, hidden) for group in block.measures.values())
    return known_to_have_answered(groups, block)


Demand = Callable[[Layer, Flags, Tally], Flags]


def _settle(layer: Layer, demand: Demand, tally: Tally) -> Flags:
    """Hide until neither elimination nor bounds ask for more, and no more can be published.

    Once everything published is out it can be offered what was refused on the way: the same answers
    must give the same pattern when they are released a second time.
    """
    hidden, revised = _hide(layer, demand, tally)
    while revised:
        told = layer.asked & layer.block.current & ~hidden
        unmet = tally.unmet
        again, _ = _hide(replace(layer, stated=layer.stated | told), demand, tally)
        if tally.unmet > unmet:  # what was refused was needed
            tally.unmet = unmet
            demand(layer, hidden, tally)  # the witnesses are those of what stays
            break
        if np.array_equal(again, hidden):
            break
        hidden = again
    return hidden


def _hide(layer: Layer, demand: Demand, tally: Tally) -> tuple[Flags, bool]:
    """Hide until neither elimination nor bounds ask for more; say if a choice was made anew.

    What bounds ask for is kept and the greedy choice made anew around it, as fewer others may then
    be needed; after some rounds all that is hidden is kept.
    """
    current = layer.block.current
    forced, revised, rounds = layer.protected, False, 0
    while True:
        hidden, again = suppress(layer, forced)
        wider = demand(layer, hidden, tally)
        revised |= again or not np.array_equal(wider, hidden)
        kept = wider if rounds >= ROUNDS else wider & ~hidden
        more = forced | (kept & current)
        if np.array_equal(more, forced):
            return hidden, revised
        forced, rounds = more, rounds + 1
