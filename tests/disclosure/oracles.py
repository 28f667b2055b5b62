"""What must hold of any suppression pattern, worked out a second time from first principles.

Nothing here is shared with the package under test: exact fractions instead of modular arithmetic,
scipy's linear programs instead of its own. Slow and small on purpose. `faults` names every promise
that a pattern breaks.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from interval_oracles import known_by_nonresponse, known_distributions, known_scores, narrow
from linear_oracles import NEAR, exact_by_elimination, reduced, residue
from made_cells import BASE, Key
from truth import Equation, Question, Row, Truth, coefficients

MOST_LIGHT, MOST_MEMBERS = 14, 9
"""Small leaves of which every union is tried, and how many of them a union may have."""


def faults(truth: Truth, shown: Mapping[tuple[Key, str], bool]) -> list[str]:
    """Return every promise that is broken if exactly the groups in `shown` are published."""
    hidden = [cell for cell in truth.base if not shown.get((cell, BASE), False)]
    found = [*_too_small(truth, shown), *_not_nested(truth, shown)]
    found += base_faults(truth, hidden)
    for group in sorted({question.group for question in truth.questions}):
        unseen = {c for c in truth.base if not shown.get((c, group))}
        found += group_faults(truth, group, unseen, set(hidden))
    return found


def base_faults(truth: Truth, hidden: Collection[Key]) -> list[str]:
    """Return what can be worked back of the number of respondents."""
    counts = Question(BASE, BASE, "count", truth.base)
    equations = list(truth.equations(truth.base))
    found = _exact(equations, counts, hidden) + _remainders(truth, equations, counts, hidden)
    found += _unions(truth, equations, counts, hidden)
    return found or narrow(truth, equations, sorted(hidden))


def group_faults(
    truth: Truth, group: str, hidden: Collection[Key], respondents_hidden: Collection[Key]
) -> list[str]:
    """Return what can be worked back of a group's figures, question by question."""
    found: list[str] = []
    members = [question for question in truth.questions if question.group == group]
    for question in members:
        equations = list(truth.equations(question.rows))
        there = sorted(cell for cell in hidden if cell in question.rows)
        broken = _exact(equations, question, there)
        broken += _remainders(truth, equations, question, there)
        broken += _unions(truth, equations, question, there)
        if not broken and question.kind in ("mean", "net"):
            broken += known_scores(truth, equations, question, there)
        if not broken and question.kind != "count":
            broken += known_by_nonresponse(truth, question, there, respondents_hidden)
        found += broken
    return found + known_distributions(truth, members, hidden)


def _too_small(truth: Truth, shown: Mapping[tuple[Key, str], bool]) -> Iterator[str]:
    counts = Question(BASE, BASE, "count", truth.base)
    for question in (counts, *truth.questions):
        for cell, row in question.rows.items():
            if shown.get((cell, question.group), False) and truth.small(cell, row):
                yield f"small: {question.measure} is published of {row['n']} in {cell}"


def _not_nested(truth: Truth, shown: Mapping[tuple[Key, str], bool]) -> Iterator[str]:
    for (cell, group), published in shown.items():
        if published and cell in truth.base and not shown.get((cell, BASE), False):
            yield f"nesting: {group} is published in {cell}, whose respondents are hidden"


def _exact(equations: Sequence[Equation], question: Question, hidden: Collection[Key]) -> list[str]:
    order = sorted(hidden)
    rows = coefficients(equations, order)
    known = exact_by_elimination(rows, len(order))
    return [f"exact: {question.measure} of {order[i]}" for i in sorted(known)]


def _remainders(
    truth: Truth, equations: Iterable[Equation], question: Question, hidden: Collection[Key]
) -> list[str]:
    found = []
    out_of_sight = set(hidden)
    for parent, children in equations:
        rest = [question.rows[child] for child in children if child in out_of_sight]
        if parent in out_of_sight or not rest:
            continue
        n = sum(row["n"] for row in rest)
        if 0 < n < truth.min_n(parent):
            found.append(f"remainder: {n} of {question.measure} are left of {parent}")
        elif n and question.kind in ("mean", "net") and _one_score(rest):
            found.append(f"remainder: one score of {question.measure} is left of {parent}")
    return found


def _unions(
    truth: Truth, equations: Sequence[Equation], question: Question, hidden: Collection[Key]
) -> list[str]:
    """Return unions of hidden leaves on too few people that the equations determine.

    Every leaf with too many people is left out of it, so those that are left are tried one by one:
    all subsets that are light enough.
    """
    parents = {parent for parent, _ in equations}
    order = sorted(hidden)
    leaves = [i for i, cell in enumerate(order) if cell not in parents]
    least = min((truth.min_n(cell) for cell in order), default=0)
    people = {i: question.rows[order[i]]["n"] for i in leaves}
    light = sorted((i for i in leaves if people[i] < least), key=lambda i: people[i])
    if len(light) > MOST_LIGHT:
        return []
    basis = reduced(coefficients(equations, order))
    found: list[str] = []

    def grow(members: tuple[int, ...], start: int, n: int) -> None:
        if n > 0 and not residue(basis, dict.fromkeys(members, 1)):
            cells = [order[i] for i in members]
            found.append(f"union: {n} of {question.measure} in {cells}")
        if len(members) < MOST_MEMBERS:
            for place in range(start, len(light)):
                if n + people[light[place]] < least:
                    grow((*members, light[place]), place + 1, n + people[light[place]])

    grow((), 0, 0)
    return found


def _one_score(rows: Sequence[Row]) -> bool:
    weight, total, squared = (
        math.fsum(row[name] for row in rows) for name in ("weight", "total", "total_squared")
    )
    return squared - total**2 / weight < NEAR * max(1.0, squared)
