"""What follows exactly, on tables small enough to do by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dagster_project.disclosure.protect.blocks import Equations
from dagster_project.disclosure.protect.elimination import Tableau, vectors

# cells 0..3: T, A, B, C with T = A + B + C
ONE_TOTAL = [(0, (1, 2, 3))]
# rows r0 = 0 + 1, r1 = 2 + 3; columns c0 = 0 + 2, c1 = 1 + 3; margins 4 5 6 7, total 8
SQUARE = [(4, (0, 1)), (5, (2, 3)), (6, (0, 2)), (7, (1, 3)), (8, (4, 5)), (8, (6, 7))]


def flags(size: int, *cells: int) -> np.ndarray:
    made = np.zeros(size, dtype=bool)
    made[list(cells)] = True
    return made


def tableau(size: int, sums: list, people: list[int] | None = None, min_n: int = 10) -> Tableau:
    equations = Equations.listed(size, sums)
    if people is None:
        return Tableau.plain(equations, flags(size))
    leaves, matrix, ties = vectors(size, equations, flags(size))
    counts = matrix @ np.array(people)
    light = flags(size)
    light[leaves] = counts[leaves] < min_n
    return Tableau(leaves, matrix, ties, people=counts[None], light=light, min_n=min_n)


def offer_all(table: Tableau, cells: list[int], targets: np.ndarray) -> list[bool]:
    return [table.offer(cell, targets) is not None for cell in cells]


def test_a_total_is_the_sum_of_its_leaves():
    # T = A + B, A = a + b: in terms of the leaves B, a, b
    sums = Equations.listed(5, [(0, (1, 2)), (1, (3, 4))])
    leaves, matrix, ties = vectors(5, sums, flags(5))
    assert leaves.tolist() == [2, 3, 4]
    assert matrix.tolist() == [[1, 1, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert ties.tolist() == []


def test_two_partitions_of_one_total_tie_their_leaves():
    # T = A + B = C + D: C + D - A - B is 0, whatever the figures
    sums = Equations.listed(5, [(0, (1, 2)), (0, (3, 4))])
    _, matrix, ties = vectors(5, sums, flags(5))
    assert matrix[0].tolist() == [1, 1, 0, 0]
    assert ties.tolist() == [[-1, -1, 1, 1]]
    table = Tableau.plain(sums, flags(5))
    for cell in (1, 2, 3):
        table.tell(cell)
    assert table.is_known(4)


def test_an_empty_cell_is_known_to_be_zero():
    _, matrix, _ = vectors(4, Equations.listed(4, ONE_TOTAL), flags(4, 2))
    assert matrix[2].tolist() == [0, 0]
    assert matrix[0].tolist() == [1, 1]


def test_refuses_the_last_figure_that_would_give_a_target_away():
    table = tableau(4, ONE_TOTAL)
    assert offer_all(table, [0, 3, 2], flags(4, 1)) == [True, True, False]
    assert table.known().tolist() == [True, False, False, True]


def test_a_figure_that_follows_already_may_be_published():
    table = tableau(4, ONE_TOTAL)
    assert all(offer_all(table, [1, 2, 3], flags(4)))
    assert table.is_known(0)


def test_a_square_hides_its_four_corners():
    table = tableau(9, SQUARE)
    target = flags(9, 0)
    assert offer_all(table, [8, 4, 5, 6, 7, 1, 2, 3], target) == [True] * 5 + [False] * 3


def test_what_is_told_is_added_even_if_it_gives_a_target_away():
    table = tableau(4, ONE_TOTAL)
    for cell in (0, 2, 3):
        table.tell(cell)
    assert table.is_known(1)


def test_a_step_that_is_taken_back_leaves_no_trace():
    table = tableau(9, SQUARE)
    for cell in (8, 4, 6):
        table.tell(cell)
    before = table.copy()
    step = table.offer(1, flags(9))
    assert step is not None
    table.take_back(step)
    assert np.array_equal(table.changes, before.changes)
    assert np.array_equal(table.known(), before.known())


def test_a_cell_that_is_hidden_again_is_known_as_long_as_others_tell_it():
    table = tableau(4, ONE_TOTAL)
    for cell in (0, 1, 2, 3):
        table.tell(cell)
    table.hide(1)
    assert table.is_known(1)
    table.hide(2)
    assert not table.is_known(1)
    assert table.is_known(np.array([1, 2]))
    assert set(table.told_by(np.array([1, 2])).tolist()) == {0, 3}


def test_three_and_four_left_of_a_total_are_not_told():
    # T = 47, A = 3, B = 4, C = 40: with C published, 7 would be left
    table = tableau(4, ONE_TOTAL, [3, 4, 40])
    assert offer_all(table, [0, 3], flags(4, 1, 2)) == [True, False]
    union = table.find_union()
    assert union is None


def test_names_the_seven_who_are_left_of_a_total():
    table = tableau(4, ONE_TOTAL, [3, 4, 40])
    for cell in (0, 3):
        table.tell(cell)
    union = table.find_union()
    assert union is not None
    assert union.leaves.tolist() == [1, 2]


def test_several_equations_together_tell_of_seven():
    # A + X = 23, X + Y = 45, Y + C = 29, each of enough; but 23 - 45 + 29 = A + C = 7
    table = tableau(7, [(4, (0, 1)), (5, (1, 2)), (6, (2, 3))], [3, 20, 25, 4])
    targets = flags(7, 0, 3)
    assert offer_all(table, [5, 6, 4], targets) == [True, True, False]
    table.tell(4)
    union = table.find_union()
    assert union is not None
    assert union.leaves.tolist() == [0, 3]


def test_small_leaves_of_different_parents_combine():
    # a square of 3 4 / 20 20: rows 7 and 40, columns 23 and 24, total 47
    table = tableau(9, SQUARE, [3, 4, 20, 20])
    targets = flags(9, 0, 1, 4)
    offered = offer_all(table, [8, 5, 7, 6, 2, 3], targets)
    # the lower row would leave the seven of the upper one
    assert offered == [True, False, True, True, False, False]


def test_nobody_in_a_hidden_leaf_hides_nobody():
    # A = 3 and B = 0: what is left of T without C = 40 is three
    table = tableau(4, ONE_TOTAL, [3, 0, 40])
    for cell in (0, 3):
        table.tell(cell)
    union = table.find_union()
    assert union is not None
    assert union.leaves.tolist() == [1, 2]


def test_finds_a_light_union_behind_a_heavy_one():
    # A = 2 goes with B = 0 and C = 0 together, and with D, E, F = 3 each
    table = tableau(9, [(6, (0, 3, 4, 5)), (7, (0, 1, 2)), (8, (6, 1))], [2, 0, 0, 3, 3, 3], 5)
    for cell in (6, 7):
        table.tell(cell)
    union = table.find_union()
    assert union is not None
    assert union.leaves.tolist() == [0, 1, 2]


SHAPES = [(3, 3), (2, 4), (4, 3), (2, 2, 2), (2, 2, 3)]


def lattice(shape: tuple[int, ...]) -> tuple[int, list[tuple[int, list[int]]]]:
    axes = [["T", *range(size)] for size in shape]
    cells = list(itertools.product(*axes))
    place = {cell: number for number, cell in enumerate(cells)}
    sums = [
        (place[cell], [place[(*cell[:axis], part, *cell[axis + 1 :])] for part in range(size)])
        for cell in cells
        for axis, size in enumerate(shape)
        if cell[axis] == "T"
    ]
    return len(cells), sums


@pytest.mark.parametrize("seed", range(40))
def test_finds_a_union_exactly_where_trying_all_of_them_does(seed: int):
    rng = np.random.default_rng(seed)
    size, sums = lattice(SHAPES[seed % len(SHAPES)])
    leaves, *_ = vectors(size, Equations.listed(size, sums), flags(size))
    people = rng.choice([0, 0, 1, 1, 2, 3, 4, 6, 12, 15], size=len(leaves))
    table = tableau(size, sums, people.tolist(), int(rng.choice([3, 5, 10])))
    min_n = table._min_n
    unions = np.array(list(itertools.product([0, 1], repeat=len(leaves))))
    few = unions[((unions @ people) >= 1) & ((unions @ people) < min_n)]

    def told() -> bool:
        moves = table.directions()[:, leaves]
        unknown = few[~few[:, table.known()[leaves]].any(axis=1)]
        return bool((unknown @ moves.T == 0).all(axis=1).any())

    for cell in rng.permutation(size).tolist():
        before = table.copy()
        step = table.offer(cell, flags(size))
        if step is None:
            before.tell(cell)
            table, refused = before, table
            assert told()
            table = refused
        assert not told()
        assert table.find_union() is None
        if rng.random() < 0.2 and table.published[cell]:
            table.hide(cell)


def test_agrees_with_ranks_on_random_tables():
    rng = np.random.default_rng(20)
    for shape in SHAPES * 4:
        size, sums = lattice(shape)
        _, matrix, _ = vectors(size, Equations.listed(size, sums), flags(size))
        table = tableau(size, sums)
        told = rng.permutation(size)[: int(rng.integers(size))]
        for cell in told.tolist():
            table.tell(cell)
        for cell in told[: int(rng.integers(4))].tolist():
            table.hide(cell)
        published = table.published
        rank = np.linalg.matrix_rank(matrix[published]) if published.any() else 0
        for cell in range(size):
            both = np.vstack([matrix[published], matrix[cell]])
            assert table.is_known(cell) == (np.linalg.matrix_rank(both) == rank)
