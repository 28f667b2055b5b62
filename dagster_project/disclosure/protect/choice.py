"""One disclosure group in one block: what to hide so that nothing hidden follows exactly.

Belongs here: small cells, unions of few, and the greedy choice of what may be published beside
them. Does not belong here: bounds (demands), the order of groups (decide).

Candidates are offered from the largest to the smallest; each is published unless it would make a
target a combination of published figures. A candidate refused once would be a leak for good, as
what is published only grows: so every cell hidden here is needed, and when all have been offered no
hidden cell follows exactly, the refused ones included. Then unions of hidden leaves on too few
respondents are looked for; each that is found becomes a target, and the choice is made again. So
does what is left of a published total, where it all has one score, and a union of too few who
changed between two vintages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dagster_project.disclosure.protect.blocks import Block, Measure
from dagster_project.disclosure.protect.differences import Comparison, few_who_changed
from dagster_project.disclosure.protect.elimination import (
    PRIME,
    Equation,
    Span,
    UndecidedError,
    light_unions,
    vectors,
)
from dagster_project.disclosure.protect.rules import Flags, Floats, Ints, Rules

ONE_SCORE = 1e-9
"""Share of a sum of squares below which a spread is the rounding of equal scores."""


@dataclass(frozen=True)
class System:
    """A set of cells in which something is asked, with how they add up there.

    `asked` shape (cells,); `matrix` (cells, leaves) and `ties` as `vectors` returns them; `leaves`
    are the cells that have a leaf to themselves.
    """

    asked: Flags
    equations: tuple[Equation, ...]
    matrix: Ints
    ties: Ints
    leaves: Ints
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Layer:
    """A group in a block: its measures, and the cells hidden before anything is decided here.

    All flags have shape (cells,): `below` are cells hidden in the base group, `small` those whose
    own figures rest on too few, `known` and `fixed` those that are decided already, published and
    suppressed.
    """

    block: Block
    rules: Rules
    measures: tuple[Measure, ...]
    systems: tuple[System, ...]
    asked: Flags
    below: Flags
    small: Flags
    known: Flags
    fixed: Flags
    targets: dict[int, list[Ints]] = field(default_factory=dict)
    """Unions found so far, by the position of their system: sums of leaves that must stay open."""

    @property
    def protected(self) -> Flags:
        """The cells that are hidden whatever is chosen here."""
        return np.asarray((self.small | self.below | self.fixed) & self.asked & ~self.known)

    @property
    def vintages(self) -> list[tuple[int, int]]:
        """Positions of each leaf after and before, where both have a row of it."""
        return [
            (after, before)
            for comparison in self.block.comparisons
            for after, before in zip(
                comparison.after.tolist(), comparison.before.tolist(), strict=True
            )
            if min(after, before) >= 0
        ]

    @property
    def costs(self) -> Floats:
        """What hiding a cell costs, infinite where its fate stands already; shape (cells,)."""
        people = np.zeros(self.block.size)
        for measure in self.measures:
            people[measure.cells] = np.maximum(people[measure.cells], measure.n)
        costs = np.maximum(1.0, np.log2(1.0 + people))
        return np.where(self.known | self.fixed | ~self.asked, np.inf, costs)


def make_layer(block: Block, rules: Rules, measures: Sequence[Measure], below: Flags) -> Layer:
    """Gather the systems and small cells of a group; `below` has shape (cells,)."""
    size, decided = block.size, block.of_group(measures[0].group)
    asked, small = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    found: dict[bytes, list[Measure]] = {}
    masks: dict[bytes, tuple[Flags, Flags]] = {}
    for measure in measures:
        here = np.zeros(size, dtype=bool)
        here[measure.cells] = True
        empty = ~here
        empty[measure.cells[measure.n == 0]] = True
        # whether anybody answered in a hidden cell is not told
        empty &= ~(here & (below | decided.suppressed))
        asked |= here
        small[measure.cells[is_small(measure, rules)]] = True
        key = here.tobytes() + empty.tobytes()
        masks[key] = (here, empty)
        found.setdefault(key, []).append(measure)
    systems = []
    for key, (here, empty) in masks.items():
        equations = tuple(_within(block, here))
        matrix, ties = vectors(size, equations, empty)
        parents = np.zeros(size, dtype=bool)
        parents[[equation.parent for equation in equations]] = True
        leaves = np.flatnonzero(matrix.any(axis=1) & ~parents)
        systems.append(System(here, equations, matrix, ties, leaves, tuple(found[key])))
    layer = Layer(
        block,
        rules,
        tuple(measures),
        tuple(systems),
        asked,
        below & asked,
        small,
        decided.published & asked,
        decided.suppressed & asked,
    )
    for number in range(len(systems)):
        _note_few_who_changed(layer, number)
    return layer


def is_small(measure: Measure, rules: Rules) -> Flags:
    """Whether a figure rests on 1 to min_n - 1 people, or effectively on fewer than half of min_n.

    The effective number is Kish's (sum w)^2 / sum w^2; shape (asked cells,).
    """
    few = (measure.n < rules.min_n) | (measure.effective < rules.min_n / 2)
    return np.asarray((measure.n >= 1) & few)


def suppress(layer: Layer, forced: Flags) -> Flags:
    """Choose what to hide, shape (cells,): everything forced, and what would reveal a target.

    Args:
        layer: the group in its block.
        forced: cells that are hidden whatever happens, `layer.protected` among them.

    """
    while True:
        hidden, spans = _greedy(layer, forced)
        try:
            if not layer.rules.unions or not note_unions(layer, hidden, spans):
                return hidden
        except UndecidedError:  # what cannot be searched is not shown
            return np.asarray(layer.asked & ~layer.known)


def spans_of(layer: Layer, hidden: Flags) -> list[Span]:
    """Eliminate what is published if these cells are hidden, a span per system."""
    spans = []
    for number in range(len(layer.systems)):
        span = _open_span(layer, number, hidden)
        span.publish_all(np.flatnonzero(layer.systems[number].asked & ~hidden).tolist())
        spans.append(span)
    return spans


def note_unions(layer: Layer, hidden: Flags, spans: Sequence[Span]) -> bool:
    """Note as targets the small unions that are known if these cells are hidden; say if any is."""
    found = False
    for number, system in enumerate(layer.systems):
        known = layer.targets.setdefault(number, [])
        leaves = system.leaves[hidden[system.leaves]]
        left = spans[number].left_of(leaves)
        for people in _different(layer, system):
            light = people[leaves] < layer.rules.min_n
            for union in light_unions(
                left[light], people[leaves[light]].astype(np.int64), layer.rules.min_n - 1
            ):
                found |= _note(known, system.matrix[leaves[light][union]].sum(axis=0))
        for parts in _of_one_score(layer, system, hidden):
            found |= _note(known, system.matrix[parts].sum(axis=0))
        found |= _note_changes(layer, number, spans[number])
    return found


def _note_few_who_changed(layer: Layer, number: int) -> None:
    """Note as targets the differences of single leaves in which too few changed."""
    system, known = layer.systems[number], layer.targets.setdefault(number, [])
    for comparison, measure in _compared(layer, system):
        nothing = np.ones((len(comparison.after), 1), dtype=np.int64)
        people, movers = comparison.of(measure)
        vectors_of = _difference(system.matrix, comparison)
        for leaf in few_who_changed(nothing * 0, people, movers, layer.rules.min_n - 1):
            if vectors_of[leaf].any():
                _note(known, vectors_of[leaf].sum(axis=0))


def _note_changes(layer: Layer, number: int, span: Span) -> bool:
    """Note as targets the unions of too few who changed that two vintages tell."""
    system, known = layer.systems[number], layer.targets.setdefault(number, [])
    found = False
    for comparison, measure in _compared(layer, system):
        people, movers = comparison.of(measure)
        left = _difference(span.left_of(np.arange(layer.block.size)), comparison)
        vectors_of = _difference(system.matrix, comparison)
        for union in few_who_changed(left, people, movers, layer.rules.min_n - 1):
            vector = vectors_of[union].sum(axis=0)
            if vector.any():
                found |= _note(known, vector)
    return found


def _compared(layer: Layer, system: System) -> Iterator[tuple[Comparison, str]]:
    """Yield the comparisons of vintages with each measure of the system that changed."""
    names = {measure.name for measure in system.measures}
    for comparison in layer.block.comparisons:
        for measure in sorted(names & comparison.measures):
            yield comparison, measure


def _difference(rows: Ints, comparison: Comparison) -> Ints:
    """Take what is before from what is after, by leaf; without a row it is 0."""
    nothing = np.zeros((1, rows.shape[1]), dtype=np.int64)
    padded = np.concatenate([rows, nothing])
    return np.asarray((padded[comparison.after] - padded[comparison.before]) % PRIME)


def _note(known: list[Ints], vector: Ints) -> bool:
    """Add a target; say if it was not known. One that was cannot be helped: it is decided."""
    vector = vector % PRIME
    if any(np.array_equal(vector, other) for other in known):
        return False
    known.append(vector)
    return True


def _different(layer: Layer, system: System) -> Iterator[Floats]:
    """Numbers of people by cell, each that differs from the ones before; shape (cells,)."""
    seen = set()
    for measure in system.measures:
        if measure.n.tobytes() not in seen:
            seen.add(measure.n.tobytes())
            yield measure.spread(layer.block.size, measure.n)


def order_of_publication(layer: Layer) -> Ints:
    """Cells from the most to the least useful: those on most people first.

    Between equals, the one in the larger totals is published first: where totals are small more is
    hidden already, and one cell can then protect several.
    """
    size = layer.block.size
    people = np.zeros(size, dtype=np.int64)
    for measure in layer.measures:
        people[measure.cells] = np.maximum(people[measure.cells], measure.n)
    above = np.zeros(size, dtype=np.int64)
    for equation in layer.block.equations:
        above[list(equation.children)] += people[equation.parent]
    return np.lexsort((np.arange(size), -above, -people))


def _within(block: Block, here: Flags) -> Iterator[Equation]:
    """Keep the equations between cells in which something is asked; other parts are 0."""
    for equation in block.equations:
        children = tuple(child for child in equation.children if here[child])
        if here[equation.parent] and children:
            yield Equation(equation.parent, children)


def _open_span(layer: Layer, number: int, forced: Flags) -> Span:
    """Start a span of a system with its targets and with what adds up in more than one way."""
    system, size = layer.systems[number], layer.block.size
    extra = layer.targets.get(number, [])
    rows = np.array(extra, dtype=np.int64).reshape(len(extra), system.matrix.shape[1])
    targets = np.zeros(size + len(extra) + len(system.ties), dtype=bool)
    targets[:size] = forced & system.asked
    targets[size : size + len(extra)] = True
    span = Span(np.concatenate([system.matrix, rows, system.ties]), targets)
    for tie in range(size + len(extra), len(targets)):
        span.publish(tie)
    return span


def _greedy(layer: Layer, forced: Flags) -> tuple[Flags, list[Span]]:
    spans = [_open_span(layer, number, forced) for number in range(len(layer.systems))]
    for span, system in zip(spans, layer.systems, strict=True):
        span.publish_all(np.flatnonzero(layer.known & system.asked).tolist())
    hidden = forced.copy()
    offered = layer.asked & ~forced & ~layer.known
    for cell in order_of_publication(layer):
        if offered[cell]:
            involved = [span for span, s in zip(spans, layer.systems, strict=True) if s.asked[cell]]
            hidden[cell] = not _published(int(cell), involved)
    return hidden, spans


def _published(cell: int, involved: Sequence[Span]) -> bool:
    """Publish a cell in all its systems, unless that reveals a target."""
    if len(involved) == 1:
        return involved[0].offer(cell)
    if any(span.would_reveal(cell) for span in involved):
        return False
    for span in involved:
        span.publish(cell)
    return True


def _of_one_score(layer: Layer, system: System, hidden: Flags) -> Iterator[Ints]:
    """Yield the hidden parts of a published total that all have the same score."""
    for measure in system.measures:
        if measure.kind not in {"mean", "net"}:
            continue
        weight, total, squares = (
            measure.spread(layer.block.size, figures)
            for figures in (measure.weight, measure.total, measure.squares)
        )
        for equation in system.equations:
            parts = [child for child in equation.children if hidden[child]]
            if not parts or hidden[equation.parent]:
                continue
            w, s, q = weight[parts].sum(), total[parts].sum(), squares[parts].sum()
            if w > 0 and w * q - s * s <= ONE_SCORE * w * q:
                yield np.array(parts)
