"""One table per way in which a release can give a hidden figure away."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
from hand_cells import base_figures, counted, graded, listed, place
from made_cells import Partition
from verdicts import ABC, broken, hidden, products, statuses

from dagster_project.disclosure.protect import Rules


def test_two_single_people_left_of_a_total_are_not_left_alone():
    # T = 42 and C = 40: the two others hold at least one each, so they hold one each
    cells = products(A=1, B=1, C=40)
    found = statuses(cells, ABC)
    assert {place("A"), place("B")} < hidden(found)
    assert broken(cells, ABC, found) == []


def test_a_question_of_one_channel_is_protected_in_that_channel():
    cross = (*ABC, Partition("channel", "leaf", "all", ("counter", "digital")))
    leaves = {("A", "counter"): 9, ("B", "counter"): 25, ("C", "counter"): 40}
    leaves |= {("A", "digital"): 30, ("B", "digital"): 30, ("C", "digital"): 30}
    cells = counted(leaves, ["product_code", "channel"], cross)
    counter = {"A": (8, 60), "B": (22, 170), "C": (38, 300), "all": (68, 530)}
    aspect = listed(
        {
            place(name, channel="counter"): [graded(n, total, 10.0 * total, "aspect")]
            for name, (n, total) in counter.items()
        }
    )
    both = pa.concat_tables([cells, aspect])
    found = statuses(both, cross)
    assert (place("A", channel="all"), "aspect") not in found
    assert place("A", channel="counter") in hidden(found, "aspect")
    assert broken(both, cross, found) == []


def test_a_total_that_is_the_row_of_its_only_channel_is_hidden_with_it():
    cross = (*ABC, Partition("channel", "leaf", "all", ("counter", "digital")))
    leaves = {("A", "counter"): 9, ("B", "counter"): 25, ("C", "counter"): 40}
    cells = counted(leaves, ["product_code", "channel"], cross)
    found = statuses(cells, cross)
    assert hidden(found) >= {place("A", channel="counter"), place("A")}
    assert broken(cells, cross, found) == []


def test_people_without_a_segment_are_not_left_over():
    sizes = (Partition("segment", "size", "all", ("size=large", "size=small", "size=unknown")),)
    leaves = {("size=large",): 40, ("size=small",): 57, ("size=unknown",): 3}
    cells = counted(leaves, ["segment"], sizes)
    found = statuses(cells, sizes)
    assert len(hidden(found)) == 2
    assert place(segment="size=unknown") in hidden(found)
    assert broken(cells, sizes, found) == []


def test_a_composite_is_hidden_together_with_all_its_items():
    item = graded(3, 20, 140, "friendly") | {"measure": "item"}
    composite = graded(12, 90, 700, "friendly")
    cells = listed({place(): [base_figures(12), composite, item, graded(12, 90, 700)]})
    found = statuses(cells, ABC)
    assert hidden(found, "friendly") == {place()}
    assert not hidden(found, "grade")
    assert not hidden(found)


def test_people_who_all_gave_the_same_grade_are_not_left_over():
    figures = {"A": (8, 80, 800), "B": (12, 120, 1200), "C": (30, 190, 1250), "D": (31, 200, 1350)}
    four = (Partition("product_code", "leaf", "all", tuple(figures)),)
    figures["all"] = tuple(map(sum, zip(*figures.values(), strict=True)))
    cells = listed({place(p): [base_figures(f[0]), graded(*f)] for p, f in figures.items()})
    found = statuses(cells, four)
    assert hidden(found) == {place("A"), place("B")}
    assert len(hidden(found, "grade")) == 3
    assert broken(cells, four, found) == []


def test_nobody_and_everybody_are_told_unless_a_study_protects_them():
    # nobody in A and B was helped at once: with C and the total published, that is certain
    share = {"measure": "helped", "disclosure_group": "helped", "kind": "share", "high": 100.0}
    helped = {
        "A": (8, 0, 0),
        "B": (32, 0, 0),
        "C": (60, 3000, 300_000),
        "all": (100, 3000, 300_000),
    }
    cells = listed(
        {
            place(p): [base_figures(f[0]), graded(*f) | share | {"low": 0.0}]
            for p, f in helped.items()
        }
    )
    small = {place("A"), place("B")}
    assert hidden(statuses(cells, ABC), "helped") == small
    protecting = {"s": Rules(min_n=10, protect_extreme_shares=True)}
    found = statuses(cells, ABC, protecting)
    assert hidden(found) == small
    assert hidden(found, "helped") > small


def test_the_thirteen_of_the_guide_are_known_as_closely_as_it_says():
    # whole grades whose means print as 8.0 of 50, 7.8 of 28 and 7.9 of 9
    def sums(n: int, printed: str) -> list[int]:
        mean = Decimal(printed)
        off = Decimal("0.05")
        return [s for s in range(n, 10 * n + 1) if mean - off <= Decimal(s) / n < mean + off]

    every, work, activation = sums(50, "8.0"), sums(28, "7.8"), sums(9, "7.9")
    least = min(every) - max(work) - max(activation)
    most = max(every) - min(work) - min(activation)
    assert (min(every), max(every), min(work), max(work)) == (398, 402, 217, 219)
    assert activation == [71]
    assert (round(least / 13, 2), round(most / 13, 2)) == (8.31, 8.77)


def test_the_table_of_the_guide_hides_one_service_more():
    services = ("diagnosis", "absence", "to_work", "social_activation")
    tree = (Partition("product_code", "leaf", "all", services),)
    counts = dict(zip(services, (1, 12, 28, 9), strict=True))
    cells = counted({(name,): n for name, n in counts.items()}, ["product_code"], tree)
    found = statuses(cells, tree)
    small = {place("diagnosis"), place("social_activation")}
    assert hidden(found) == {*small, place("absence")}
    assert broken(cells, tree, found) == []
