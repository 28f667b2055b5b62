"""Decides on one block: which of its cells are hidden in which group.

Belongs here: the order of groups, and of elimination, bounds and taking back. Does not belong here:
any of them (choice; demands and figures), the result as a table (pattern).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dagster_project.disclosure.protect.blocks import Block
from dagster_project.disclosure.protect.bounds import Directions
from dagster_project.disclosure.protect.choice import (
    Layer,
    make_layer,
    note_unions,
    spans_of,
    suppress,
)
from dagster_project.disclosure.protect.demands import NotSafeError, Respondents, Search, Tally
from dagster_project.disclosure.protect.elimination import Span, UndecidedError
from dagster_project.disclosure.protect.figures import Figures
from dagster_project.disclosure.protect.rules import Flags, Rules

ROUNDS = 3
"""How often the whole greedy choice is made anew around what bounds require to be hidden."""

Patterns = Mapping[str, tuple[Layer, Flags]]
"""Per group its layer and what of it is hidden, shape (cells,)."""


def decide(block: Block, rules: Rules, tally: Tally) -> Patterns:
    """Settle the base group, then the others."""
    nothing = np.zeros(block.size, dtype=bool)
    base = make_layer(block, rules, [block.base], nothing)
    respondents = Respondents(base, tally, Directions(block.size))
    below = _settle(base, respondents.hide, [respondents.search])
    patterns = {block.base.group: (base, below)}
    for group, measures in block.measures.items():
        layer = make_layer(block, rules, measures, below)
        figures = Figures(layer, respondents, tally)
        patterns[group] = (layer, _settle(layer, figures.hide, figures.searches))
    return patterns


Demand = Callable[[Flags], Flags]


def _settle(layer: Layer, demand: Demand, searches: Sequence[Search]) -> Flags:
    """Hide until neither elimination nor bounds ask for more, then take back what can be.

    What bounds ask for is kept and the greedy choice made anew around it, as fewer others may then
    be needed; after some rounds all that is hidden is kept.
    """
    free = ~(layer.known | layer.fixed)
    forced, rounds = layer.protected, 0
    while True:
        hidden = suppress(layer, forced)
        for span, search in zip(spans_of(layer, hidden), searches, strict=True):
            for change in span.directions(layer.block.size):
                search.directions.learn(change)
        wider = demand(hidden)
        kept = wider if rounds >= ROUNDS else wider & ~hidden
        more = forced | (kept & free)
        if np.array_equal(more, forced):
            return _take_back(layer, hidden, demand, searches)
        forced, rounds = more, rounds + 1


def _take_back(layer: Layer, hidden: Flags, demand: Demand, searches: Sequence[Search]) -> Flags:
    """Publish again each secondary without which every promise still holds, until none can go.

    The largest are offered first, as their loss weighs most.
    """
    people = np.zeros(layer.block.size, dtype=np.int64)
    for measure in layer.measures:
        people[measure.cells] = np.maximum(people[measure.cells], measure.n)
    secondary = np.flatnonzero(hidden & ~layer.protected & layer.asked)
    order = secondary[np.argsort(-people[secondary], kind="stable")]
    for search in searches:
        search.only_check = True
    spans = spans_of(layer, hidden)
    for cell in order.tolist():
        fewer, wider = hidden.copy(), [span.copy() for span in spans]
        fewer[cell] = False
        for span, system in zip(wider, layer.systems, strict=True):
            if system.asked[cell]:
                span.publish(cell)
        if _is_safe(layer, fewer, wider, demand):
            hidden, spans = fewer, wider
    for search in searches:
        search.only_check = False
    demand(hidden)
    return hidden


def _is_safe(layer: Layer, hidden: Flags, spans: Sequence[Span], demand: Demand) -> bool:
    """Whether every promise holds if exactly these cells are hidden; `spans` have the others."""
    size = layer.block.size
    for number, (span, system) in enumerate(zip(spans, layer.systems, strict=True)):
        known = span.known()
        if (known[:size] & hidden & system.asked & system.matrix.any(axis=1)).any():
            return False
        if known[size : size + len(layer.targets.get(number, []))].any():
            return False
    try:
        if layer.rules.unions and note_unions(layer, hidden, spans):
            return False
        return bool(np.array_equal(demand(hidden), hidden))
    except (NotSafeError, UndecidedError):
        return False
