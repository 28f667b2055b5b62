"""What two vintages tell together, on cells small enough to subtract by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pytest
from attack_tables import CELL, GRADE, figures, found, kpi, place, release, responses, tree, unions

from dagster_project.disclosure.attack import Attack, attack

PRODUCTS = tree(("product_code", "all", ("A", "B", "C")))
Change = tuple[str, int, int, int]


def at(product: str) -> tuple[str, str, str]:
    return ("2020", "all", product.replace("T", "all"))


def published(**counts: int | None) -> dict[str, pa.Table]:
    """Respondents by product (T: all), everybody with a 7; None is hidden."""
    rows = {at(product): n for product, n in counts.items()}
    return release(kpis=kpi({cell: n and (n, 7.0 * n) for cell, n in rows.items()}),
                   response=responses(rows))  # fmt: skip


def changes(rows: Sequence[Change], measure: str = "responses") -> pa.Table:
    """(product, before, after, people)."""
    return pa.Table.from_pylist(
        [
            place(at(product))
            | {"measure": measure, "before": before, "after": after, "people": people}
            for product, before, after, people in rows
        ],
        pa.schema(
            [
                *((name, pa.string()) for name in (*CELL, "measure")),
                ("before", pa.int32()),
                ("after", pa.int32()),
                ("people", pa.int64()),
            ]
        ),
    )


def moves(*rows: tuple[str, str, int, bool]) -> pa.Table:
    """(from, to, people, altered) between vintage 1 and now."""
    return pa.Table.from_pylist(
        [
            place(at(source))
            | {f"to_{name}": place(at(target))[name] for name in CELL[1:]}
            | {"measure": "responses", "before": 1, "after": 0, "people": n, "altered": altered}
            for source, target, n, altered in rows
        ]
    )


def attacked(
    vintages: Sequence[Mapping[str, pa.Table]], changed: pa.Table, moved: pa.Table | None = None
) -> Attack:
    return attack(figures(*vintages), PRODUCTS, GRADE, changed=changed, moved=moved)


def test_a_withdrawn_total_and_parts_published_since_tell_of_two_late_respondents():
    """26 + 10 - (94 - 60) = 2: A and B had 34 together and have 36."""
    then = published(T=94, A=None, B=None, C=60)
    now = published(T=None, A=26, B=10, C=None)

    result = attacked([now, then], changes([("A", 1, 0, 2)]))

    assert unions(result) == [("responses", 0, 1, 2, ["o 2020 A", "o 2020 B"])]
    assert result.unions.to_pylist()[0]["equation"] == (
        "o 2020 A + o 2020 B = 26 (o 2020 A) + 10 (o 2020 B), "
        "before 94 (o 2020 in vintage 1) - 60 (o 2020 C in vintage 1)"
    )


def test_a_withdrawn_remark_is_a_change_though_no_figure_shows_it():
    same = published(T=94, A=None, B=None, C=60)

    hidden = attacked([same, same], changes([("A", 1, 0, 1)]))
    shown = attacked([same, same], changes([("C", 1, 0, 1)]))

    assert unions(hidden) == [("responses", 0, 1, 1, ["o 2020 A", "o 2020 B"])]
    assert unions(shown) == [("responses", 0, 1, 1, ["o 2020 C"])]


def test_two_exchanged_grades_are_a_change_of_two_people():
    same = published(T=94, A=None, B=None, C=60)

    result = attacked([same, same], changes([("A", 1, 0, 2)], "grade"))

    assert unions(result) == [("grade", 0, 1, 2, ["o 2020 A", "o 2020 B"])]


def test_ten_who_came_and_nine_of_them_who_left_are_one_since_the_first_vintage():
    first, second, now = (published(T=n, A=None, B=None, C=60) for n in (100, 110, 101))
    people = [("A", 1, 2, 10), ("A", 2, 0, 9), ("A", 1, 0, 1)]

    result = attacked([now, first, second], changes(people))

    assert unions(result) == [
        ("responses", 0, 1, 1, ["o 2020 A", "o 2020 B"]),
        ("responses", 0, 2, 9, ["o 2020 A", "o 2020 B"]),
    ]


def test_ten_changed_people_are_enough():
    then, now = published(T=100, A=None, B=None), published(T=110, A=None, B=None)

    assert unions(attacked([now, then], changes([("A", 1, 0, 4), ("B", 1, 0, 6)]))) == []


def test_twenty_who_moved_inside_a_total_do_not_help_two_who_came():
    then, now = published(T=100, A=None, B=None), published(T=102, A=None, B=None)

    moved = moves(("A", "B", 20, False))

    assert unions(attacked([now, then], changes([("A", 1, 0, 2)]), moved)) == [
        ("responses", 0, 1, 2, ["o 2020 A", "o 2020 B"])
    ]
    assert unions(attacked([then, then], changes([]), moved)) == []


@pytest.mark.parametrize(("altered", "noticed"), [(False, 0), (True, 1)])
def test_a_mover_is_noticed_inside_a_total_if_altered(*, altered: bool, noticed: int):
    same = published(T=100, A=None, B=None)

    result = attacked([same, same], changes([]), moves(("A", "B", 1, altered)))

    assert [row["movers"] for row in result.unions.to_pylist()] == [noticed] * noticed


def test_one_who_moved_between_published_cells_is_noticed_in_each():
    then, now = published(T=100, A=40, B=60), published(T=100, A=39, B=61)

    (row,) = attacked([now, then], changes([]), moves(("A", "B", 1, False))).unions.to_pylist()

    assert (row["members"], row["weight"], row["movers"]) == (["o 2020 A"], 0, 1)


def test_movers_do_not_hide_behind_many_who_came():
    """15 came to A and one moved from A to B: in A and in the total enough changed, in B one."""
    then, now = published(T=100, A=40, B=60), published(T=115, A=54, B=61)

    result = attacked([now, then], changes([("A", 1, 0, 15)]), moves(("A", "B", 1, False)))

    assert [row["members"] for row in result.unions.to_pylist()] == [["o 2020 B"]]


def test_late_answers_to_a_hidden_cell_follow_from_its_published_neighbours():
    then, now = published(T=100, A=None, B=None, C=60), published(T=115, A=None, B=None, C=60)

    result = attacked([now, then], changes([("A", 1, 0, 12), ("B", 1, 0, 3)]))

    # A and B had 40 and have 55: each grew by 0 to 15
    assert found(result, "responses", "n", since=1) == [(0, 15, False)] * 2
    assert [row["people"] for row in result.intervals.to_pylist() if row["since"] == 1] == [12, 3]


def test_figures_that_fell_are_not_taken_for_answers_that_were_only_added():
    then, now = published(T=100, A=None, B=None, C=60), published(T=85, A=None, B=None, C=60)

    result = attacked([now, then], changes([("A", 1, 0, 15)]))

    assert found(result, "responses", "n", since=1) == []
    assert result.contradictions == ()


def test_a_cell_hidden_before_and_published_now_tells_the_few_who_came():
    """A had 8 and is published with 11: T and C did not change, so its three follow from B."""
    then, now = published(T=100, A=None, B=32, C=60), published(T=103, A=11, B=32, C=60)

    result = attacked([now, then], changes([("A", 1, 0, 3)]))

    assert found(result, "responses", "n", vintage=1) == [(8, 8, True)]
    assert found(result, "responses", "n", since=1) == [(3, 3, True)]


def test_a_year_that_appears_later_is_not_known_to_have_been_empty():
    """The first vintage had the quarter alone; the year is out since."""
    periods = tree(("period", "2020", ("2020Q1", "2020Q2")))

    def vintage(**rows: int | None) -> dict[str, pa.Table]:
        names = {"Y": "2020", "Q1": "2020Q1", "Q2": "2020Q2"}
        return release(response=responses({(names[k], "all", "all"): n for k, n in rows.items()}))

    now, then = vintage(Y=90, Q1=50, Q2=None), vintage(Q1=50)

    result = attack(figures(now, then), periods, GRADE, changed=changes([]))

    assert result.contradictions == ()
    assert found(result, "responses", "n") == [(40, 40, True)]


def test_each_vintage_is_attacked_as_a_table_of_its_own():
    then, now = published(T=100, A=None, B=32, C=60), published(T=103, A=None, B=None, C=60)

    result = attacked([now, then], changes([]))

    assert found(result, "responses", "n") == [(1, 42, False)] * 2
    assert found(result, "responses", "n", vintage=1) == [(8, 8, True)]
    assert {row[:4] for row in unions(result)} == {("responses", 1, None, 8), ("grade", 1, None, 8)}
