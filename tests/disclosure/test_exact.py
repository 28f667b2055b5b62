"""Exact recovery, on tables small enough to do by hand."""

from __future__ import annotations

import numpy as np

from dagster_project.disclosure.protect.blocks import Equation
from dagster_project.disclosure.protect.elimination import PRIME, Span, vectors

# cells 0..3: T, A, B, C with T = A + B + C
ONE_TOTAL = [Equation(0, (1, 2, 3))]


def span(size: int, equations: list[Equation], targets: list[int], empty: list[int] = []) -> Span:  # noqa: B006
    zero = np.zeros(size, dtype=bool)
    zero[empty] = True
    matrix, ties = vectors(size, equations, zero)
    flags = np.zeros(size + len(ties), dtype=bool)
    flags[targets] = True
    made = Span(np.concatenate([matrix, ties]), flags)
    for tie in range(size, size + len(ties)):
        made.publish(tie)
    return made


def test_a_total_is_the_sum_of_its_leaves():
    # T = A + B, A = a + b: in terms of the leaves B, a, b
    matrix, ties = vectors(5, [Equation(0, (1, 2)), Equation(1, (3, 4))], np.zeros(5, dtype=bool))
    assert matrix.tolist() == [[1, 1, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert ties.tolist() == []


def test_two_partitions_of_one_total_tie_their_leaves():
    # T = A + B = C + D: C + D - A - B is 0, whatever the figures
    matrix, ties = vectors(5, [Equation(0, (1, 2)), Equation(0, (3, 4))], np.zeros(5, dtype=bool))
    assert matrix[0].tolist() == [1, 1, 0, 0]
    assert ties.tolist() == [[-1, -1, 1, 1]]


def test_an_empty_cell_is_known_to_be_zero():
    matrix, _ = vectors(4, ONE_TOTAL, np.array([False, False, True, False]))
    assert matrix[2].tolist() == [0, 0]
    assert matrix[0].tolist() == [1, 1]


def test_refuses_the_last_figure_that_would_give_a_target_away():
    table = span(4, ONE_TOTAL, targets=[1])
    assert [table.offer(cell) for cell in (0, 3, 2)] == [True, True, False]
    assert table.known().tolist() == [True, False, False, True]


def test_a_published_zero_helps_nobody_to_hide():
    # C is empty, so T = A + B and B alone cannot protect A
    table = span(4, ONE_TOTAL, targets=[1], empty=[3])
    assert table.offer(0)
    assert not table.offer(2)


def test_a_figure_that_follows_already_may_be_published():
    table = span(4, ONE_TOTAL, targets=[])
    assert all(table.offer(cell) for cell in (1, 2, 3))
    assert table.is_known(0)


def test_a_two_by_two_square_hides_its_four_corners():
    # rows r0 = 0 + 1, r1 = 2 + 3; columns c0 = 0 + 2, c1 = 1 + 3; margins 4 5 6 7, total 8
    square = [
        Equation(4, (0, 1)),
        Equation(5, (2, 3)),
        Equation(6, (0, 2)),
        Equation(7, (1, 3)),
        Equation(8, (4, 5)),
        Equation(8, (6, 7)),
    ]
    table = span(9, square, targets=[0])
    assert all(table.offer(cell) for cell in (8, 4, 5, 6, 7))
    assert [table.offer(cell) for cell in (1, 2, 3)] == [False, False, False]


def test_what_was_stated_before_is_added_even_if_it_gives_a_target_away():
    table = span(4, ONE_TOTAL, targets=[1])
    for cell in (0, 2, 3):
        table.publish(cell)
    assert table.is_known(1)


def test_a_sum_of_cells_can_be_a_target():
    # A + B may not follow: with T published, C is refused although A alone would stay unknown
    matrix, _ = vectors(4, ONE_TOTAL, np.zeros(4, dtype=bool))
    rows = np.concatenate([matrix, matrix[[1, 2]].sum(axis=0, keepdims=True)])
    table = Span(rows, np.array([False, False, False, False, True]))
    assert table.offer(0)
    assert not table.offer(3)


def test_agrees_with_fractions_on_random_tables():
    rng = np.random.default_rng(20)
    for _ in range(50):
        matrix = rng.integers(0, 2, size=(8, 5))
        published = rng.random(8) < 0.5
        table = Span(matrix, np.zeros(8, dtype=bool))
        for row in np.flatnonzero(published):
            table.publish(int(row))
        rank = np.linalg.matrix_rank(matrix[published]) if published.any() else 0
        for row in range(8):
            both = np.vstack([matrix[published], matrix[row]])
            assert table.is_known(row) == (np.linalg.matrix_rank(both) == rank)


def test_counts_modulo_a_prime_that_fits_a_product_in_64_bits():
    assert PRIME * PRIME < 2**63
    assert all(PRIME % divisor for divisor in range(2, 46342))
