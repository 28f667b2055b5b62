"""One table released twice: new minus old is a figure too."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hand_cells import base_figures, counted, graded, listed, place
from made_cells import BASE, CELL, Partition, as_released, hierarchy_table, key
from verdicts import ABC, TEN, Releases, hidden, products, read, statuses, touched_table

from dagster_project.disclosure import Ledger, protect
from dagster_project.disclosure.cut import cut_into_blocks
from dagster_project.disclosure.layer import make_layer, suppress


def test_c08b_three_late_respondents_leave_the_figure_as_it_was():
    rows = read("c08b_restatement.csv")
    squared = {"v1": 5100.0, "v2": 5175.0}
    before, now = (
        listed(
            {
                place(): [
                    base_figures(int(row["n"])),
                    graded(int(row["n"]), float(row["sum"]), squared[row["release"]]),
                ]
            }
        )
        for row in rows
    )
    releases = Releases(before, now, ABC, {(place(), BASE): 3, (place(), "grade"): 3})
    assert set(releases.second.values()) == {"frozen"}
    assert releases.faults == []


def test_ten_late_respondents_are_a_new_figure():
    before, now = products(A=100, B=50), products(A=110, B=50)
    releases = Releases(before, now, ABC, {(place("A"), BASE): 10, (place(), BASE): 10})
    assert set(releases.second.values()) == {"published"}


def test_one_changed_answer_leaves_the_figure_as_it_was():
    before = listed({place(): [base_figures(100), graded(100, 700, 5100)]})
    now = listed({place(): [base_figures(100), graded(100, 707, 5177)]})
    releases = Releases(before, now, ABC, {(place(), "grade"): 1})
    assert releases.second == {(place(), BASE): "published", (place(), "grade"): "frozen"}


def test_the_hidden_neighbour_of_a_published_change_does_not_follow():
    before, now = products(A=20, B=30, C=40), products(A=23, B=42, C=40)
    touched = {(place("A"), BASE): 3, (place("B"), BASE): 12, (place(), BASE): 15}
    releases = Releases(before, now, ABC, touched)
    assert releases.second[place("A"), BASE] == "frozen"
    assert "published" not in {
        releases.second[place("B"), BASE],
        releases.second[place(), BASE],
    } or (list(releases.second.values()).count("frozen") >= 2)
    assert releases.faults == []


def test_a_year_does_not_give_a_hidden_quarter_away():
    quarters = tuple(f"2020Q{number}" for number in (1, 2, 3, 4))
    year = (Partition("period", "year", "2020", quarters),)
    counts = dict(zip(quarters, (20, 8, 30, 40), strict=True))
    closed = counted({(q,): n for q, n in counts.items()}, ["period"], year)
    open_year = listed({place(period=q): [base_figures(counts[q])] for q in quarters[:3]})
    touched = {(place(period="2020Q4"), BASE): 40, (place(period="2020"), BASE): 98}
    releases = Releases(open_year, closed, year, touched)
    assert hidden(releases.first) == {place(period="2020Q2")}
    assert place(period="2020Q2") in hidden(releases.second)
    assert releases.faults == []


def test_a_hidden_cell_that_grew_does_not_tell_what_it_was():
    before, now = products(A=8, B=30, C=40), products(A=11, B=30, C=40)
    touched = {(place("A"), BASE): 3, (place(), BASE): 3}
    releases = Releases(before, now, ABC, touched)
    assert place("A") in hidden(releases.first)
    assert releases.faults == []


def test_a_question_that_gains_a_figure_shows_it_wherever_the_question_was_shown():
    # the grade of the one in A is new in none of the releases; only the share of nines is
    grades = {"A": (1, 9, 81), "B": (10, 76, 592), "C": (30, 240, 1960)}
    grades["all"] = tuple(map(sum, zip(*grades.values(), strict=True)))
    nines = {"A": 1, "B": 2, "C": 9, "all": 12}
    people = {"A": 2, "B": 10, "C": 30, "all": 42}
    before = {place(p): [base_figures(people[p]), graded(*grades[p])] for p in grades}
    share = {"measure": "nine", "kind": "share", "low": 0.0, "high": 100.0}
    now = {
        place(p): [
            *before[place(p)],
            graded(grades[p][0], 100 * nines[p], 10_000 * nines[p]) | share,
        ]
        for p in grades
    }
    touched = {(place(p), "grade", "nine"): grades[p][0] for p in grades}
    releases = Releases(listed(before), listed(now), ABC, touched)
    assert hidden(releases.first, "grade") == {place("A"), place("B")}
    assert releases.second == releases.first


def test_what_was_told_stays_and_nothing_else_is_told_where_it_has_to_be_quiet():
    before, now = products(A=20, B=30, C=40), products(A=20, B=42, C=40)
    tree = hierarchy_table(ABC)
    first = protect(before, tree, Ledger.empty(), TEN).table
    changes = touched_table({(place("B"), BASE): 12, (place(), BASE): 12})
    ledger = Ledger(as_released(before, first), changes)
    assert set(statuses(now, ABC, ledger=ledger).values()) == {"published"}

    (piece,) = cut_into_blocks(now, tree, TEN, ledger)
    block = piece.block()
    layer = make_layer(block, TEN["s"], [block.base], np.zeros(block.size, bool), quiet=True)
    hidden_now = suppress(layer, layer.protected)[0] & block.current
    assert {block.names[cell] for cell in np.flatnonzero(hidden_now)} == {place("B"), place()}
    # the others follow from what was told, and so do the old figures of these
    told = layer.systems[0].told & block.current
    assert {block.names[cell] for cell in np.flatnonzero(told)} == {place("A"), place("C")}


def test_several_organisations_are_protected_each_on_their_own():
    tree = hierarchy_table(ABC)
    one = products(A=8, B=30, C=40)
    other = one.set_column(1, "organisation_code", pa.array(["p"] * one.num_rows))
    both = protect(pa.concat_tables([one, other]), tree, Ledger.empty(), TEN, workers=2).table
    alone = protect(one, tree, Ledger.empty(), TEN).table
    assert both.num_rows == 2 * alone.num_rows
    assert both["status"].to_pylist() == 2 * alone["status"].to_pylist()
    assert key("s", "p", {"period": "2020Q4", "product_code": "A"}) in {
        tuple(row[name] for name in CELL) for row in both.to_pylist() if row["role"] == "primary"
    }
