"""Bounds on hidden figures, on tables small enough to do by hand."""

from __future__ import annotations

import numpy as np

from dagster_project.disclosure.protect.blocks import Equations
from dagster_project.disclosure.protect.bounds import Component, Polytope, Space
from dagster_project.disclosure.protect.changes import Changes
from dagster_project.disclosure.protect.elimination import Tableau
from dagster_project.disclosure.protect.repairs import cheapest_move

# cells 0..3: T = A + B + C
ONE_TOTAL = Equations.listed(4, [(0, (1, 2, 3))])
FIGURES = np.array([58.0, 8.0, 20.0, 30.0])
ONE_EACH = np.array([3.0, 1.0, 1.0, 1.0])
OPEN = Component(FIGURES, floor=ONE_EACH)


def polytope(component: Component, equations: Equations, hidden: np.ndarray) -> Polytope:
    table = Tableau.plain(equations, np.zeros(len(hidden), dtype=bool))
    for cell in np.flatnonzero(~hidden):
        table.tell(int(cell))
    return Polytope(component, hidden, Space(Changes.of(table.directions())))


def hidden(*cells: int, size: int = 4) -> np.ndarray:
    flags = np.zeros(size, dtype=bool)
    flags[list(cells)] = True
    return flags


def goals(size: int = 4, **wanted: float) -> np.ndarray:
    made = np.zeros(size)
    for cell, goal in wanted.items():
        made[int(cell.removeprefix("cell"))] = goal
    return made


def test_two_hidden_parts_share_what_is_left_of_the_total():
    # A + B = 28, each at least 1: A can be anything from 1 to 27
    table = polytope(Component(FIGURES, floor=ONE_EACH), ONE_TOTAL, hidden(1, 2))
    assert table.pursue([1], goals(cell1=27.0)) == []
    assert table.pursue([1], goals(cell1=28.0)) == [1]
    assert table.pursue([1], goals(cell1=1.0)) == []
    assert (table.least[1], table.most[1]) == (1.0, 27.0)
    # the same tables bear witness for B
    assert (table.least[2], table.most[2]) == (1.0, 27.0)


def test_a_single_hidden_part_cannot_move():
    table = polytope(Component(FIGURES, floor=ONE_EACH), ONE_TOTAL, hidden(1))
    assert table.pursue([1], goals(cell1=9.0)) == [1]


def test_two_parts_of_one_person_each_are_pinned_by_their_rows():
    # T = 42, C = 40: A and B have a row each, so each is at least 1
    table = polytope(
        Component(np.array([42.0, 1.0, 1.0, 40.0]), floor=ONE_EACH), ONE_TOTAL, hidden(1, 2)
    )
    assert table.pursue([1], goals(cell1=2.0)) == [1]


def test_a_ceiling_binds_too():
    ceiling = np.array([58.0, 10.0, 20.0, 30.0])
    table = polytope(Component(FIGURES, ceiling=ceiling), ONE_TOTAL, hidden(1, 2))
    assert table.pursue([1], goals(cell1=9.0)) == []
    assert table.pursue([1], goals(cell1=11.0)) == [1]


def test_there_is_room_below_a_ceiling_if_others_can_take_what_is_over():
    # A and B hold 28; B may hold 18 only
    table = polytope(Component(FIGURES, floor=ONE_EACH), ONE_TOTAL, hidden(1, 2))
    assert table.has_room(np.array([58.0, 10.0, 18.0, 30.0]))
    assert not table.has_room(np.array([58.0, 9.0, 18.0, 30.0]))
    assert not table.has_room(np.array([58.0, 28.0, 28.0, 29.0]))
    # nothing of that stays behind
    assert table.pursue([1], goals(cell1=27.0)) == []


def test_a_hidden_total_leaves_its_parts_free():
    table = polytope(Component(FIGURES, floor=ONE_EACH), ONE_TOTAL, hidden(0, 1))
    assert table.pursue([1], goals(cell1=1000.0)) == []


# x + y = 1, y + z = 1, x + z = w: w is 2 x, so 0 or 2, and 1 only with half a person
HALVES = Equations.listed(6, [(4, (0, 1)), (5, (1, 2)), (3, (0, 2))])
HALVES_TRUTH = np.array([0.0, 1.0, 0.0, 0.0, 1.0, 1.0])


def test_people_come_in_whole_numbers():
    table = polytope(Component(HALVES_TRUTH), HALVES, hidden(0, 1, 2, 3, size=6))
    assert table.pursue([3], goals(size=6, cell3=1.0)) == []
    assert (table.least[3], table.most[3]) == (0.0, 2.0)


def test_half_a_person_is_no_witness():
    # w is at most 1, so nobody can move
    ceiling = np.array([9.0, 9.0, 9.0, 1.0, 9.0, 9.0])
    table = polytope(Component(HALVES_TRUTH, ceiling=ceiling), HALVES, hidden(0, 1, 2, 3, size=6))
    assert table.pursue([3], goals(size=6, cell3=1.0)) == [3]
    fractions = Component(HALVES_TRUTH, whole=False, ceiling=ceiling)
    free = polytope(fractions, HALVES, hidden(0, 1, 2, 3, size=6))
    assert free.pursue([3], goals(size=6, cell3=1.0)) == []


def test_hides_the_cheapest_part():
    costs = np.array([9.0, 1.0, 2.0, 3.0])
    found = cheapest_move(OPEN, ONE_TOTAL, hidden(1), costs=costs, aim=(1, 10.0))
    assert found is not None
    assert found[0] == 2.0
    assert found[1].tolist() == [2]


def test_passes_over_a_part_that_cannot_give_enough():
    # A must rise by 2; B has 2 people and must keep one, so C gives
    values = np.array([40.0, 8.0, 2.0, 30.0])
    costs = np.array([9.0, 1.0, 1.0, 3.0])
    table = Component(values, floor=ONE_EACH)
    found = cheapest_move(table, ONE_TOTAL, hidden(1), costs=costs, aim=(1, 10.0))
    assert found is not None
    assert 3 in found[1].tolist()


def test_says_so_when_nothing_helps():
    costs = np.full(4, np.inf)
    assert cheapest_move(OPEN, ONE_TOTAL, hidden(1), costs=costs, aim=(1, 10.0)) is None


def test_makes_room_below_a_ceiling_that_the_truth_exceeds():
    # A and B are hidden and hold 28: if B may hold 18 only, A takes the other two, if it has room
    costs = np.array([9.0, 1.0, 1.0, 3.0])
    for room, hides in ((12.0, []), (9.0, [3])):
        ceiling = np.array([58.0, room, 18.0, 40.0])
        found = cheapest_move(
            Component(FIGURES, ceiling=ceiling), ONE_TOTAL, hidden(1, 2), costs=costs
        )
        assert found is not None
        assert found[1].tolist() == hides
    full = Component(FIGURES, ceiling=np.array([58.0, 8.0, 18.0, 30.0]))
    costs[0] = np.inf
    assert cheapest_move(full, ONE_TOTAL, hidden(1, 2), costs=costs) is None
