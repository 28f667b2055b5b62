"""One disclosure group in one block: what to hide so that nothing hidden follows exactly.

Belongs here: small cells, remainders, and the greedy choice of what may be published beside them.
Does not belong here: bounds (demands), the order of groups (protect).

Candidates are offered from the largest to the smallest; each is published unless it would make a
target a combination of published figures. A candidate refused once would be a leak for good, as
what is published only grows: so every cell hidden here is needed, and when all have been offered no
hidden cell follows exactly, the refused ones included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dagster_project.disclosure.block import Block, Equation, Flags, Floats, Ints, Measure
from dagster_project.disclosure.exact import Span, vectors
from dagster_project.disclosure.rules import Rules


@dataclass(frozen=True)
class System:
    """A set of cells in which something is asked, with how they add up there.

    `asked` shape (cells,); `matrix` (cells, leaves) and `ties` as `vectors` returns them. Bounds
    hold for `bounded`, the equations between figures that cannot be negative. `told`, shape
    (cells,), are the cells that follow from what earlier releases stated: no secret any more.
    """

    asked: Flags
    equations: tuple[Equation, ...]
    bounded: tuple[Equation, ...]
    matrix: Ints
    ties: Ints
    told: Flags
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Layer:
    """A group in a block: its measures, and the cells hidden before anything is decided here.

    All flags have shape (cells,): `below` are cells hidden in the base group, `small` those whose
    own figures rest on too few, `stated` those that an earlier release stated. `quiet`: nothing
    is published that does not follow from those.
    """

    block: Block
    rules: Rules
    measures: tuple[Measure, ...]
    systems: tuple[System, ...]
    asked: Flags
    below: Flags
    small: Flags
    stated: Flags
    quiet: bool

    @property
    def protected(self) -> Flags:
        """The cells that are hidden for a reason of their own, of the base group or of history."""
        held = ~self.block.current & ~self.block.change
        return np.asarray((self.small | self.below | (held & self.asked)) & ~self.stated)

    @property
    def only_earlier(self) -> bool:
        """Whether nothing but earlier releases is taken for stated."""
        return bool((self.stated <= self.block.stated(self.measures[0].group)).all())


def make_layer(
    block: Block,
    rules: Rules,
    measures: Sequence[Measure],
    below: Flags,
    *,
    quiet: bool = False,
) -> Layer:
    """Gather the systems and small cells of a group; `below` has shape (cells,)."""
    size = len(block.names)
    asked = np.zeros(size, dtype=bool)
    small = np.zeros(size, dtype=bool)
    found: dict[bytes, list[Measure]] = {}
    masks: dict[bytes, tuple[Flags, Flags]] = {}
    for measure in measures:
        here = np.zeros(size, dtype=bool)
        here[measure.cells] = True
        empty = ~here
        empty[measure.cells[measure.is_empty]] = True
        # whether anybody answered in a hidden cell is not told
        empty &= ~(here & below & ~block.change)
        asked |= here
        small[measure.cells[is_small(measure, rules)]] = True
        key = here.tobytes() + empty.tobytes() + bytes([measure.grows])
        masks[key] = (here, empty)
        found.setdefault(key, []).append(measure)
    systems = []
    stated = block.stated(measures[0].group) & asked
    for key, (here, empty) in masks.items():
        equations = tuple(_within(block, here))
        matrix, ties = vectors(size, equations, empty)
        grows = found[key][0].grows
        unmoved = np.asarray(~matrix.any(axis=1))
        bounded = equations if grows else _without_changes(equations, block, unmoved)
        told = _following(matrix, ties, stated & here) if stated.any() else stated
        systems.append(System(here, equations, bounded, matrix, ties, told, tuple(found[key])))
    return Layer(
        block, rules, tuple(measures), tuple(systems), asked, below & asked, small, stated, quiet
    )


def _following(matrix: Ints, ties: Ints, stated: Flags) -> Flags:
    """Cells that are combinations of the stated ones, shape (cells,)."""
    span = Span(np.concatenate([matrix, ties]), np.zeros(len(matrix) + len(ties), dtype=bool))
    for row in (*range(len(matrix), len(matrix) + len(ties)), *np.flatnonzero(stated)):
        span.publish(int(row))
    return span.known()[: len(matrix)]


def is_small(measure: Measure, rules: Rules) -> Flags:
    """Whether a figure rests on 1 to min_n - 1 people, or effectively on fewer than half of min_n.

    The effective number is Kish's (sum w)^2 / sum w^2; shape (asked cells,).
    """
    few = (measure.n < rules.min_n) | (measure.effective < rules.min_n / 2)
    return np.asarray((measure.n >= 1) & few)


def suppress(layer: Layer, forced: Flags) -> tuple[Flags, bool]:
    """Choose what to hide, shape (cells,): everything forced, and what would reveal a target.

    The second result says whether it took more than one go, as scores turned out to be all equal.

    Args:
        layer: the group in its block.
        forced: cells that are hidden whatever happens, `layer.protected` among them.

    """
    sums: list[tuple[System, Ints]] = []
    if layer.rules.remainders:
        sums = [s for system in layer.systems for s in _small_remainders(layer, system, forced)]
    again = False
    while True:
        hidden = _greedy(layer, forced, sums)
        more = []
        if layer.rules.remainders:
            more = [s for system in layer.systems for s in _left_over(layer, system, hidden)]
        known = {(id(system), tuple(cells)) for system, cells in sums}
        more = [s for s in more if (id(s[0]), tuple(s[1])) not in known]
        if not more:
            return hidden, again
        sums.extend(more)
        again = True


def order_of_publication(layer: Layer) -> Ints:
    """Cells from the most to the least useful: those on most people first.

    Between equals, the one in the larger totals is published first: where totals are small more is
    hidden already, and one cell can then protect several.
    """
    size = len(layer.block.names)
    people = np.zeros(size, dtype=np.int64)
    for measure in layer.measures:
        people[measure.cells] = np.maximum(people[measure.cells], measure.n)
    above = np.zeros(size, dtype=np.int64)
    for equation in layer.block.equations:
        above[list(equation.children)] += people[equation.parent]
    return np.lexsort((np.arange(size), -above, -people))


def _within(block: Block, here: Flags) -> list[Equation]:
    """Keep the equations between cells in which something is asked; other parts are 0."""
    change = block.change
    found = []
    for equation in block.equations:
        children = tuple(child for child in equation.children if here[child])
        untold = any(change[child] and not here[child] for child in equation.children)
        if here[equation.parent] and children and (change[equation.parent] or not untold):
            found.append(Equation(equation.parent, children))
    return found


def _without_changes(
    equations: Sequence[Equation], block: Block, unmoved: Flags
) -> tuple[Equation, ...]:
    """Leave out changes that may be negative; a cell without change is what it was.

    One whose parts changed by as much up as down did change, to who does not know by how much.
    """
    left_out = block.change & ~unmoved
    nothing = block.change & unmoved
    found = []
    for equation in equations:
        involved = np.array([equation.parent, *equation.children])
        if not left_out[involved].any():
            children = tuple(child for child in equation.children if not nothing[child])
            if children and not nothing[equation.parent]:
                found.append(Equation(equation.parent, children))
    return tuple(found)


def _greedy(layer: Layer, forced: Flags, sums: Sequence[tuple[System, Ints]]) -> Flags:
    size = len(layer.block.names)
    spans = []
    for system in layer.systems:
        totals = [system.matrix[cells].sum(axis=0) for of, cells in sums if of is system]
        extra = np.array(totals, dtype=np.int64).reshape(len(totals), system.matrix.shape[1])
        targets = np.zeros(size + len(extra) + len(system.ties), dtype=bool)
        targets[:size] = forced & system.asked
        targets[size : size + len(extra)] = True
        span = Span(np.concatenate([system.matrix, extra, system.ties]), targets)
        for tie in range(size + len(extra), len(targets)):
            span.publish(tie)
        for cell in np.flatnonzero(layer.stated & system.asked):
            span.publish(int(cell))
        spans.append(span)
    hidden = forced.copy()
    offered = layer.asked & layer.block.current & ~forced & ~layer.stated
    for cell in order_of_publication(layer):
        if offered[cell]:
            involved = [span for span, s in zip(spans, layer.systems, strict=True) if s.asked[cell]]
            hidden[cell] = not _published(cell, involved, quiet=layer.quiet)
    for span, system in zip(spans, layer.systems, strict=True):
        hidden |= layer.block.change & system.asked & ~span.known()[:size]
    return hidden


def _published(cell: int, involved: Sequence[Span], *, quiet: bool) -> bool:
    """Publish a cell in all its systems, unless that reveals a target or has to be `quiet`."""
    if quiet:
        return all(span.is_known(cell) for span in involved)
    if len(involved) == 1:
        return involved[0].offer(cell)
    if any(span.would_reveal(cell) for span in involved):
        return False
    for span in involved:
        span.publish(cell)
    return True


def _small_remainders(layer: Layer, system: System, forced: Flags) -> list[tuple[System, Ints]]:
    """Hidden parts of a total that are too few people together, and would be left of it.

    A cell hidden later has at least min_n people, so only those hidden from the start matter; but
    for a change of few people that no figure shows (see `_left_over`).
    """
    found = []
    for measure in system.measures:
        people = spread(layer.block, measure, measure.n)
        for equation in system.equations:
            parts = [child for child in equation.children if forced[child]]
            left = people[parts].sum()
            if len(parts) > 1 and 1 <= left < layer.rules.min_n:
                found.append((system, np.array(parts)))
    return found


def _left_over(layer: Layer, system: System, hidden: Flags) -> list[tuple[System, Ints]]:
    """Hidden parts of a published total that are too few people, or all have the same score."""
    found = []
    for measure in system.measures:
        n, people, weight, total, squares = (
            spread(layer.block, measure, figures)
            for figures in (
                measure.n,
                measure.people,
                measure.weight,
                measure.total,
                measure.squares,
            )
        )
        scored = measure.kind in {"mean", "net"}
        for equation in system.equations:
            parts = [child for child in equation.children if hidden[child]]
            if not parts or hidden[equation.parent]:
                continue
            few = n[parts].any() and people[parts].sum() < layer.rules.min_n
            w, s, q = weight[parts].sum(), total[parts].sum(), squares[parts].sum()
            if few or (scored and w > 0 and w * q - s * s <= 1e-9 * w * q):
                found.append((system, np.array(parts)))
    return found


def spread(block: Block, measure: Measure, figures: Ints | Floats) -> Floats:
    """Lay figures of the asked cells out over all cells of the block, 0 elsewhere."""
    everywhere = np.zeros(len(block.names))
    everywhere[measure.cells] = figures
    return everywhere
