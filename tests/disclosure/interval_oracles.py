"""How near a reader of a release comes to hidden figures, by linear programs on small tables.

Belongs here: bounds on numbers, sums and means. Does not belong here: what follows exactly, and
the other promises (oracles).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from fractions import Fraction

import numpy as np
from linear_oracles import NEAR, Program
from made_cells import Key
from truth import Equation, Question, Truth, coefficients

LIGHT = 1e-3
"""The least that one respondent may weigh."""


def required_width(n: int) -> int:
    return max(1, math.ceil(Fraction(n, 5)))


def narrow(truth: Truth, equations: Sequence[Equation], hidden: Sequence[Key]) -> list[str]:
    """Return primaries whose interval is too narrow, and hidden cells pinned by bounds.

    Every hidden row holds somebody, so a total of two with two rows below it is two, whatever is
    hidden: what not even hiding everything would bring is not asked for.
    """
    n = np.array([truth.base[cell]["n"] for cell in hidden], float)
    program = Program(coefficients(equations, hidden), [(1.0 - x, None) for x in n])
    least, most = np.zeros(len(n)), np.zeros(len(n))
    found = []
    for i, cell in enumerate(hidden):
        if not truth.small(cell, truth.base[cell]):
            continue
        up = required_width(int(n[i]))
        down = min(up, int(n[i]) - 1)
        for sign, reach in ((1.0, up), (-1.0, down)):
            if reach > (most[i] if sign > 0 else -least[i]) + NEAR:
                solution = program.most({i: sign}, float(reach))
                least, most = np.minimum(least, solution), np.maximum(most, solution)
        if -least[i] < down - NEAR:
            down = min(down, _possible(truth, equations, cell, down))
        if most[i] < up - NEAR or -least[i] < down - NEAR:
            low, high = n[i] + least[i], n[i] + most[i]
            found.append(f"narrow: {cell} with {n[i]:.0f} is within {low:.2f}-{high:.2f}")
    for i, cell in enumerate(hidden):
        if most[i] - least[i] < NEAR:
            spread = program.most({i: 1.0}, 1.0)[i] - program.most({i: -1.0}, 1.0)[i]
            if spread < NEAR:
                found.append(f"pinned: {cell} is {n[i]:.0f}")
    return found


def _possible(truth: Truth, equations: Sequence[Equation], cell: Key, reach: float) -> float:
    """Return how far below the truth a cell can be when everything is hidden."""
    cells = sorted(truth.base)
    bounds = [(1.0 - truth.base[other]["n"], None) for other in cells]
    place = cells.index(cell)
    return -float(Program(coefficients(equations, cells), bounds).most({place: -1.0}, reach)[place])


def known_scores(
    truth: Truth,
    equations: Sequence[Equation],
    question: Question,
    hidden: Sequence[Key],
) -> list[str]:
    """Return hidden cells whose n or sum is pinned, and primaries whose mean is nearly known.

    The unknowns are (n, sum) of each hidden cell; what is known of them is low n <= sum <= high n.
    """
    size = len(hidden)
    figures = [question.rows[cell] for cell in hidden]
    weight = np.array([row["weight"] for row in figures])
    total = np.array([row["total"] for row in figures])
    rows = coefficients(equations, hidden)
    both = [*rows, *({i + size: x for i, x in row.items()} for row in rows)]
    above: list[tuple[dict[int, float], float]] = []
    for i, row in enumerate(figures):
        low, high = row["low"], row["high"]
        above.append(({i + size: 1.0, i: -high}, high * weight[i] - total[i]))
        above.append(({i + size: -1.0, i: low}, total[i] - low * weight[i]))
    above = [(row, max(0.0, most)) for row, most in above]
    program = Program(both, [(-x, None) for x in weight] + [(None, None)] * size, above)
    found = []
    moved = np.zeros(2 * size, bool)
    for i, row in enumerate(figures):
        if not row["n"]:
            continue
        for unknown, what in ((i, "n"), (i + size, "sum")):
            for sign in (1.0, -1.0):
                if not moved[unknown]:
                    moved |= np.abs(program.most({unknown: sign}, 1.0)) > NEAR
            if not moved[unknown]:
                found.append(f"pinned: {what} of {question.measure} in {hidden[i]}")
        if truth.small(hidden[i], row):
            found += _known_mean(truth, program, question, hidden[i], i)
    return found


def _known_mean(truth: Truth, program: Program, question: Question, cell: Key, i: int) -> list[str]:
    """Tell whether some answer to everything published moves the mean far enough to one side."""
    row = question.rows[cell]
    size = len(program.bounds) // 2
    mean = row["total"] / row["weight"]
    far = truth.rules[cell[0]].mean_share * (row["high"] - row["low"])
    # an attacker knows that it is somebody's mean, but not of what weight
    weighted = any(abs(r["weight"] - r["n"]) > NEAR for r in question.rows.values())
    lightest = LIGHT if weighted else 1.0
    somebody = list(program.bounds)
    somebody[i] = (min(lightest, row["weight"]) - row["weight"], None)
    inhabited = Program([], somebody)
    inhabited.equal, inhabited.above, inhabited.limits = (
        program.equal,
        program.above,
        program.limits,
    )
    for sign in (1.0, -1.0):
        goal = mean + sign * far
        # sign * (sum - goal * n) >= 0 for the perturbed figures
        start = sign * (row["total"] - goal * row["weight"])
        solution = inhabited.most({i + size: sign, i: -sign * goal}, far * row["weight"])
        if start + sign * (solution[i + size] - goal * solution[i]) >= -NEAR:
            return []
    return [f"mean: {question.measure} of {cell} is known to within {far:g} of {mean:.3f}"]


def known_distributions(
    truth: Truth, members: Sequence[Question], hidden: Collection[Key]
) -> list[str]:
    """Return primaries whose n is one value when it is bounded answer by answer."""
    spread: dict[tuple[str, Key], bool] = {}
    for question in members:
        if question.kind != "distribution":
            continue
        there = sorted(cell for cell in hidden if cell in question.rows)
        value = [question.rows[cell]["total"] for cell in there]
        rows = coefficients(list(truth.equations(question.rows)), there)
        program = Program(rows, [(-x, None) for x in value])
        moved = np.zeros(len(there), bool)
        for i, cell in enumerate(there):
            for sign in (1.0, -1.0):
                if not moved[i]:
                    moved |= np.abs(program.most({i: sign}, 1.0)) > NEAR
            if truth.small(cell, truth.base[cell]) and question.rows[cell]["n"]:
                name = (question.measure, cell)
                spread[name] = spread.get(name, False) or bool(moved[i])
    return [
        f"pinned: all answers to {name} in {cell}"
        for (name, cell), free in spread.items()
        if not free
    ]


def known_by_nonresponse(
    truth: Truth, question: Question, hidden: Collection[Key], respondents_hidden: Collection[Key]
) -> list[str]:
    """Return cells with known respondents whose hidden n follows with those who did not answer.

    The unknowns are who answered and who did not, in each hidden cell. Neither can be negative,
    both add up, and together they are the respondents. That everybody answered may be known, and so
    may an n on enough people that follows from that.
    """
    cells = sorted(cell for cell in hidden if cell in question.rows)
    n = np.array([question.rows[cell]["n"] for cell in cells], float)
    silent = {cell: truth.base[cell]["n"] - row["n"] for cell, row in question.rows.items()}
    d = np.array([silent[cell] for cell in cells], float)
    equations = list(truth.equations(question.rows))
    adding = [(of, to) for of, to in equations if silent[of] == sum(silent[part] for part in to)]
    size = len(cells)
    both = [
        *coefficients(equations, cells),
        *({i + size: x for i, x in row.items()} for row in coefficients(adding, cells)),
    ]
    above: list[tuple[dict[int, float], float]] = []
    for i, cell in enumerate(cells):
        if cell in respondents_hidden:  # a row is there, so somebody responded
            above.append(({i: -1.0, i + size: -1.0}, n[i] + d[i] - 1.0))
        else:
            both.append({i: 1, i + size: 1})
    program = Program(both, [(-x, None) for x in (*n, *d)], above)
    pinned = [
        i
        for i, cell in enumerate(cells)
        if cell not in respondents_hidden
        and all(abs(program.most({i: sign}, 1.0)[i]) < NEAR for sign in (1.0, -1.0))
    ]
    everybody = [i for i in pinned if d[i] == 0]
    told = [*coefficients(equations, cells), *({i: 1} for i in everybody)]
    return [
        f"pinned: n of {question.measure} in {cells[i]}, by who did not answer"
        for i in pinned
        if d[i] > 0 and (n[i] < truth.min_n(cells[i]) or not _follows(told, i, size))
    ]


def _follows(told: Sequence[dict[int, int]], cell: int, size: int) -> bool:
    """Whether a number follows from equations that are known to hold."""
    matrix = np.zeros((len(told), size))
    for row, entries in zip(matrix, told, strict=True):
        row[list(entries)] = list(entries.values())
    alone = np.eye(size)[[cell]]
    rank = np.linalg.matrix_rank(matrix) if len(told) else 0
    return bool(np.linalg.matrix_rank(np.vstack([matrix, alone])) == rank)
