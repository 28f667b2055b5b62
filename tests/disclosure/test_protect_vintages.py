"""What a revision withdraws, so that nobody learns of the few who changed.

Vintages of quarter Q are the periods `Q#1` (the first) and `Q` (now).
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from hand_cells import base_figures, graded, listed, place
from made_cells import BASE, CELL, DIMENSIONS, Partition, hierarchy_table
from verdicts import TEN, of

from dagster_project.disclosure.protect import Vintages, protect

AB = (Partition("product_code", "leaf", "all", ("A", "B")),)
ABC = (Partition("product_code", "leaf", "all", ("A", "B", "C")),)
NOW, THEN = "2020Q4", "2020Q4#1"
ENDS = ("organisation_code", *DIMENSIONS)


def table(**n: int) -> pa.Table:
    return listed({place(name, NOW): [base_figures(count)] for name, count in n.items()})


def at(period: str, **n: int) -> pa.Table:
    return listed({place(name, period): [base_figures(count)] for name, count in n.items()})


def vintages(
    changed: Mapping[str, int],
    moved: tuple[tuple[str, str, int], ...] = (),
    measure: str = BASE,
    pairs: tuple[tuple[int, str, str], ...] = ((0, NOW, THEN),),
) -> Vintages:
    cell = dict(zip(CELL, place("A", NOW), strict=True))
    rows = [
        cell | {"product_code": name, "since": 0, "measure": measure, "people": people}
        for name, people in changed.items()
    ]
    steps = [
        cell
        | {f"to_{name}": cell[name] for name in ENDS}
        | {"product_code": source, "to_product_code": target}
        | {"since": 0, "measure": measure, "people": people, "altered": False}
        for source, target, people in moved
    ]
    texts = [(name, pa.string()) for name in CELL]
    counted = [("since", pa.int64()), ("measure", pa.string()), ("people", pa.int64())]
    ends = [(f"to_{name}", pa.string()) for name in ENDS]
    return Vintages(
        pa.Table.from_pylist(
            [{"study": "s", "since": i, "after": a, "before": b} for i, a, b in pairs],
            schema=pa.schema(
                [
                    ("study", pa.string()),
                    ("since", pa.int64()),
                    ("after", pa.string()),
                    ("before", pa.string()),
                ]
            ),
        ),
        pa.Table.from_pylist(rows, schema=pa.schema([*texts, *counted])),
        pa.Table.from_pylist(
            steps, schema=pa.schema([*texts, *ends, *counted, ("altered", pa.bool_())])
        ),
    )


def decided(published: Mapping[str, str], group: str = BASE) -> pa.Table:
    """What was decided of the first vintage; what was hidden in it stays so."""
    rows = [
        dict(zip(CELL, place(name, period), strict=True))
        | {"disclosure_group": group, "status": status}
        for name, status in published.items()
        for period in (THEN, NOW)
        if period == THEN or status == "suppressed"
    ]
    return pa.Table.from_pylist(rows)


def shown_now(
    now: pa.Table, then: pa.Table, known: pa.Table, compared: Vintages, tree: tuple[Partition, ...]
) -> set[str]:
    cells = pa.concat_tables([now, then])
    pattern = protect(cells, hierarchy_table(tree), TEN, decided=known, vintages=compared)
    assert pattern.report.unmet == 0
    found = of(pattern.table)
    return {
        cell[4] for (cell, _), status in found.items() if cell[2] == NOW and status == "published"
    }


ALL_SHOWN = {"all": "published", "A": "published", "B": "published"}


def test_two_late_respondents_withdraw_their_cell_and_the_total_that_would_tell_them():
    # 60 = 26 + 34 before; 62 = 28 + 34 now: 28 - 26 and 62 - 60 are the two
    now, then = table(all=62, A=28, B=34), at(THEN, all=60, A=26, B=34)
    assert shown_now(now, then, decided(ALL_SHOWN), vintages({"A": 2}), AB) == {"B"}


def test_two_late_respondents_in_a_hidden_pair_withdraw_the_total():
    # A and B were hidden; all - C tells them together: 94 - 60 before and 96 - 60 now
    now, then = table(all=96, A=28, B=8, C=60), at(THEN, all=94, A=26, B=8, C=60)
    known = decided({"all": "published", "A": "suppressed", "B": "suppressed", "C": "published"})
    assert shown_now(now, then, known, vintages({"A": 2}), ABC) == {"C"}


def test_ten_who_changed_withdraw_nothing():
    now, then = table(all=70, A=36, B=34), at(THEN, all=60, A=26, B=34)
    assert shown_now(now, then, decided(ALL_SHOWN), vintages({"A": 10}), AB) == {"all", "A", "B"}


def test_nobody_who_changed_withdraws_nothing():
    now, then = table(all=60, A=26, B=34), at(THEN, all=60, A=26, B=34)
    assert shown_now(now, then, decided(ALL_SHOWN), vintages({}), AB) == {"all", "A", "B"}


def test_a_remark_withdrawn_withdraws_the_cell_though_its_number_stays():
    now, then = table(all=60, A=26, B=34), at(THEN, all=60, A=26, B=34)
    assert shown_now(now, then, decided(ALL_SHOWN), vintages({"A": 1}), AB) == {"B"}


def test_twenty_who_moved_do_not_hide_two_who_came_late():
    # A loses 20 to B and gains 12: the total tells of 12, but with A it would tell B, who moved
    now, then = table(all=72, A=32, B=40), at(THEN, all=60, A=40, B=20)
    moved = vintages({"A": 12}, (("A", "B", 20),))
    assert shown_now(now, then, decided(ALL_SHOWN), moved, AB) == {"all"}
    now = table(all=62, A=22, B=40)
    moved = vintages({"A": 2}, (("A", "B", 20),))
    assert shown_now(now, then, decided(ALL_SHOWN), moved, AB) == set()


def test_a_row_that_vanishes_withdraws_the_whole_period():
    # C loses all 12 and A gains 2: without a row C is known, and so is A + B: 40 before, 42 now
    now, then = table(all=42, A=22, B=20), at(THEN, all=52, A=20, B=20, C=12)
    known = decided({"all": "published", "A": "suppressed", "B": "suppressed", "C": "published"})
    assert shown_now(now, then, known, vintages({"A": 2, "C": 12}), ABC) == set()
    now = table(all=60, A=40, B=20)
    assert shown_now(now, then, known, vintages({"A": 20, "C": 12}), ABC) == set()


def test_growth_by_few_stays_open_to_either_side_for_who_believes_nobody_was_lost():
    # the total grew by 10, of whom one at least is in the new row C: A grew by 9 at most, and did
    now, then = table(all=70, A=35, B=34, C=1), at(THEN, all=60, A=26, B=34)
    known = decided(ALL_SHOWN | {"C": "suppressed"})
    assert shown_now(now, then, known, vintages({"A": 9, "C": 1}), ABC) == {"B"}
    # 13 came: A may have grown by 0 to 11
    now = table(all=73, A=35, B=34, C=4)
    assert shown_now(now, then, known, vintages({"A": 9, "C": 4}), ABC) == {"all", "B"}


def test_two_exchanged_grades_withdraw_the_grades_and_not_the_respondents():
    def rows(period: str) -> pa.Table:
        return listed(
            {
                place(name, period): [base_figures(n), graded(n, total, squared)]
                for name, (n, total, squared) in {
                    "all": (60, 420.0, 3100.0),
                    "A": (26, 180.0, 1300.0),
                    "B": (34, 240.0, 1800.0),
                }.items()
            }
        )

    known = pa.concat_tables([decided(ALL_SHOWN), decided(ALL_SHOWN, "grade")])
    cells = pa.concat_tables([rows(NOW), rows(THEN)])
    compared = vintages({"A": 2}, measure="grade")
    found = of(protect(cells, hierarchy_table(AB), TEN, decided=known, vintages=compared).table)
    shown = {
        (cell[4], group)
        for (cell, group), s in found.items()
        if cell[2] == NOW and s == "published"
    }
    assert shown == {("all", BASE), ("A", BASE), ("B", BASE), ("B", "grade")}
