"""What two releases tell together, on cells small enough to subtract by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from attack_tables import CELL, GRADE, case, found, kpi, place, release, responses, tree
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dagster_project.disclosure.attack import Limits, attack, judge

PRODUCTS = tree(("product_code", "all", ("A", "B", "C")))
ADDED = "answers only added"
LIMITS = {"s": Limits()}


def at(product: str) -> tuple[str, str, str]:
    return ("2020", "all", product)


def published(**counts: int | None) -> dict[str, pa.Table]:
    """Respondents by product (T: all), everybody with a 7; None is hidden."""
    rows = {at(p.replace("T", "all")): n for p, n in counts.items()}
    figures = {cell: n and (n, 7.0 * n) for cell, n in rows.items()}
    return release(kpis=kpi(figures), response=responses(rows))


def truth(**counts: int) -> pa.Table:
    """The true cells behind `published`; scores differ enough not to be all the same."""
    rows = []
    for product, n in counts.items():
        cell = place(at(product.replace("T", "all")))
        rows.append(
            cell
            | {"disclosure_group": "responses", "measure": "responses", "kind": "count"}
            | {"n": n, "n_effective": float(n), "weight": float(n)}
        )
        rows.append(
            cell
            | {"disclosure_group": "grade", "measure": "grade", "kind": "mean", "n": n}
            | {"n_effective": float(n), "weight": float(n), "total": 7.0 * n}
            | {"total_squared": 51.0 * n, "low": 1.0, "high": 10.0}
        )
    texts = [*CELL, "disclosure_group", "measure", "kind", "answer"]
    numbers = ["n_effective", "weight", "total", "total_squared", "low", "high"]
    schema = pa.schema(
        [
            *((t, pa.string()) for t in texts),
            ("n", pa.int64()),
            *((x, pa.float64()) for x in numbers),
        ]
    )
    return pa.Table.from_pylist(rows, schema)


def touched(**counts: int) -> pa.Table:
    """Respondents that differ since release 1, by product."""
    rows = [
        place(at(product.replace("T", "all"))) | {"measure": measure, "version": 1, "touched": n}
        for product, n in counts.items()
        for measure in ("responses", "grade")
    ]
    names = [*CELL, "measure"]
    schema = pa.schema([*((n, pa.string()) for n in names), ("version", pa.int32())])
    return pa.Table.from_pylist(rows, schema.append(pa.field("touched", pa.int64())))


def verdict(
    new: dict[str, pa.Table], old: dict[str, pa.Table], cells: pa.Table, changed: pa.Table
) -> list[tuple[str, str, str]]:
    """(rule, product, measure) of every violation."""
    intervals = attack(new, [old], PRODUCTS, GRADE)
    violations = judge(
        intervals,
        new,
        [old],
        cells,
        hierarchies=PRODUCTS,
        scales=GRADE,
        limits=LIMITS,
        touched=changed,
    )
    return sorted({(v.rule, v.cell[4], v.measure) for v in violations})


def test_a_restated_cell_with_three_late_respondents_is_a_violation():
    first, second = case("c08b_restatement.csv")
    cell = ("2020", "all", "all")
    old = release(kpis=kpi({cell: (int(first["n"]), float(first["sum"]))}))
    new = release(kpis=kpi({cell: (int(second["n"]), float(second["sum"]))}))

    found_ = verdict(new, old, truth(T=103), touched(T=3))
    assert found_ == [("restated", "all", "grade")]


def test_a_frozen_cell_with_three_late_respondents_is_not():
    old = published(T=100)

    assert verdict(old, old, truth(T=103), touched(T=3)) == []


def test_late_answers_to_a_hidden_cell_follow_from_its_published_neighbours():
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=103, A=None, B=None, C=60)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    # A and B had 40 and have 43; each grew by 0 to 3
    assert (
        found(intervals, "responses", "change_n", assumption=ADDED, back=1) == [(0, 3, False)] * 2
    )


def test_a_hidden_neighbour_of_a_published_change_is_exact():
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=105, A=None, B=28, C=60)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    assert found(intervals, "responses", "n") == [(17, 17, True)]
    # in the earlier release A had at most that, so B at least 23
    assert found(intervals, "responses", "n", assumption=ADDED, back=1) == [
        (12, 17, False),
        (23, 28, False),
    ]


def test_another_pattern_on_the_same_answers_opens_what_both_hide():
    """A and B hidden first, then B and C: with nothing changed, both are known."""
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=100, A=15, B=None, C=None)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    assert found(intervals, "responses", "n") == [(1, 84, False), (1, 84, False)]
    assert found(intervals, "responses", "n", assumption=ADDED) == [(25, 25, True), (60, 60, True)]


def test_a_growing_total_bounds_what_was_hidden_before():
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=110, A=15, B=None, C=None)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    # C has at least 60 of the 95 that are not in A
    assert found(intervals, "responses", "n", assumption=ADDED) == [
        (25, 35, False),
        (60, 70, False),
    ]


def test_answers_that_are_known_to_have_left_are_not_taken_for_added():
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=110, A=15, B=None, C=None)
    left = pa.Table.from_pylist([place(at("C")) | {"measure": "responses"}])

    intervals = attack(new, [old], PRODUCTS, GRADE, shrunk=left)

    assert found(intervals, "responses", "n") == [(1, 94, False)] * 2
    assert found(intervals, "responses", "n", assumption=ADDED) == []


def test_corrected_answers_contradict_that_answers_were_only_added():
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=90, A=None, B=None, C=60)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    assert found(intervals, "responses", "n") == [(1, 29, False)] * 2
    assert found(intervals, "responses", "n", assumption=ADDED) == []


def test_what_is_left_of_a_change_is_a_cell_too():
    # of 17 who came 12 came to C, so 5 came to A and B together
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=117, A=None, B=None, C=72)
    cells = truth(T=117, A=24, B=21, C=72)

    assert verdict(new, old, cells, touched(T=17, A=2, B=3, C=12)) == [
        ("remainder", "all", "grade"),
        ("remainder", "all", "responses"),
    ]
    # 10 came to them: few enough each, and enough together
    assert ("remainder", "all", "grade") not in verdict(
        published(T=122, A=None, B=None, C=72),
        old,
        truth(T=122, A=27, B=23, C=72),
        touched(T=22, A=5, B=5, C=12),
    )


def test_frozen_figures_that_contradict_a_restated_one_are_doubted():
    """T is frozen at 100 though C grew from 60 to 80; A and B, hidden, had 40."""
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=100, A=None, B=None, C=80)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    doubt = "answers only added, some figures frozen"
    assert found(intervals, "responses", "n", assumption=ADDED) == []
    assert found(intervals, "responses", "n", assumption=doubt) == [(1, float("inf"), False)] * 2


def test_frozen_figures_that_cannot_add_up_are_no_contradiction():
    """All published: T and A frozen, B restated."""
    old = published(T=100, A=40, B=60)
    new = published(T=100, A=40, B=80)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    assert intervals.contradictions == ()


def test_published_figures_that_cannot_add_up_are_a_contradiction():
    new = published(T=100, A=40, B=80, C=None)

    intervals = attack(new, [], PRODUCTS, GRADE)
    violations = judge(
        intervals,
        new,
        [],
        truth(T=140, A=40, B=80, C=20),
        hierarchies=PRODUCTS,
        scales=GRADE,
        limits=LIMITS,
    )

    assert {v.rule for v in violations} == {"contradiction", "not_attacked"}


def test_few_touched_respondents_of_a_hidden_cell_may_not_follow():
    """Three late answers in A, twenty in C: T minus C tells the three in A and B together."""
    old = published(T=100, A=None, B=None, C=60)
    new = published(T=123, A=None, B=None, C=80)
    cells = truth(T=123, A=8, B=35, C=80)

    assert ("change", "A", "responses") in verdict(new, old, cells, touched(T=23, A=3, C=20))
    # with twenty more in B, the three hide among them
    new = published(T=143, A=None, B=None, C=80)
    cells = truth(T=143, A=8, B=55, C=80)
    assert verdict(new, old, cells, touched(T=43, A=3, B=20, C=20)) == []


def test_a_cell_hidden_before_and_published_now_tells_the_few_who_came():
    """A had 8 and is published with 11: T and C did not change, so its three follow from B."""
    old = published(T=100, A=None, B=32, C=60)
    new = published(T=103, A=11, B=32, C=60)

    assert ("exact", "A", "responses") in verdict(
        old, old, truth(T=100, A=8, B=32, C=60), touched()
    )
    assert ("change", "A", "grade") in verdict(
        new, old, truth(T=103, A=11, B=32, C=60), touched(T=3, A=3)
    )


def test_rows_that_appear_tell_that_somebody_came_and_that_is_conceded():
    old = published(T=None, B=None)
    new = published(T=None, A=None, B=None, C=None)
    cells = truth(T=42, A=1, B=40, C=1)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    changes = found(intervals, "responses", "change_n", assumption=ADDED, back=1)
    assert changes == [(least, float("inf"), False) for least in (1, 0, 1, 2)]
    assert verdict(new, old, cells, touched(T=2, A=1, C=1)) == []


@pytest.mark.parametrize(("then", "rules"), [(700.0, set()), (693.0, {"exact"})])
def test_a_frozen_figure_that_is_still_right_is_no_secret(then: float, rules: set[str]):
    """The total of grades follows from its parts; it is what was published, or it is not."""
    parts = {at("A"): (40, 280.0), at("C"): (60, 420.0)}
    old, new = (release(kpis=kpi(parts | {at("all"): (100, then)})) for _ in range(2))
    vintage = pa.Table.from_pylist(
        [
            place(cell)
            | {"measure": "grade", "release": back, "current": back < 0 or cell != at("all")}
            | {"decided": True}
            for back in (0, -1)
            for cell in (*parts, at("all"))
        ]
    )

    intervals = attack(new, [old], PRODUCTS, GRADE, vintage=vintage)
    violations = judge(
        intervals,
        new,
        [old],
        truth(T=100, A=40, C=60),
        hierarchies=PRODUCTS,
        scales=GRADE,
        limits=LIMITS,
        vintage=vintage,
    )

    ((low, high, exact),) = found(intervals, "grade", "total", at=at("all"))
    assert (low, high, exact) == (pytest.approx(700), pytest.approx(700), True)
    assert {v.rule for v in violations} == rules


leaves = st.lists(st.integers(1, 2), min_size=3, max_size=3)
late = st.lists(st.integers(0, 2), min_size=3, max_size=3)
hidden_products = st.sets(st.sampled_from("TABC"))


@settings(max_examples=100)
@given(leaves, late, hidden_products, hidden_products)
def test_intervals_over_two_releases_are_those_of_all_growing_pairs_of_tables(
    first: list[int], grown: list[int], hidden_then: set[str], hidden_now: set[str]
):
    then = dict(zip("ABC", first, strict=True)) | {"T": sum(first)}
    now = {p: n + g for (p, n), g in zip(then.items(), [*grown, sum(grown)], strict=True)}
    assume(hidden_then | hidden_now)
    assume("T" not in hidden_now)  # else nothing bounds the table
    old = published(**{p: None if p in hidden_then else n for p, n in then.items()})
    new = published(**{p: None if p in hidden_now else n for p, n in now.items()})
    assume(old != new)

    intervals = attack(new, [old], PRODUCTS, GRADE)

    expected = growing_pairs(then, now, hidden_then, hidden_now)
    for back, hidden in ((0, hidden_now), (1, hidden_then)):
        for product in hidden:
            at_ = at(product.replace("T", "all"))
            rows = found(intervals, "responses", "n", at=at_, assumption=ADDED, back=back)
            low, high = expected[product, back]
            assert rows in ([(low, high, low == high)], [])
            if not rows:  # the older release shows nothing that the newer does not
                assert back == 1 or not hidden_then - hidden_now


def growing_pairs(
    then: dict[str, int], now: dict[str, int], hidden_then: set[str], hidden_now: set[str]
) -> dict[tuple[str, int], tuple[int, int]]:
    """Least and greatest value per product and release over all pairs that fit."""
    most = now["T"]  # at least one in each of the three
    axes = np.meshgrid(*[np.arange(1, most)] * 6, indexing="ij")
    values = {(p, 1): axes[i].ravel() for i, p in enumerate("ABC")}
    values |= {(p, 0): axes[i + 3].ravel() for i, p in enumerate("ABC")}
    for back in (0, 1):
        values["T", back] = sum(values[p, back] for p in "ABC")
    fits = np.ones(len(values["A", 0]), dtype=bool)
    for p in "ABCT":
        fits &= values[p, 1] <= values[p, 0]
        fits &= (values[p, 1] == then[p]) | (p in hidden_then)
        fits &= (values[p, 0] == now[p]) | (p in hidden_now)
    return {key: (int(v[fits].min()), int(v[fits].max())) for key, v in values.items()}
