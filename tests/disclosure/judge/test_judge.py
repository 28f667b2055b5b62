"""What the judge calls a violation, one hand-made release for each rule."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pytest
from attack_tables import (
    CELL,
    GRADE,
    attacked,
    figures,
    kpi,
    place,
    release,
    responses,
    scales,
    tree,
)

from dagster_project.disclosure.attack import attack
from dagster_project.disclosure.judge import Limits, count_extreme_shares, judge, targets_of

PRODUCTS = tree(("product_code", "all", ("A", "B", "C")), ("period", "2020", ("2020Q1", "2020Q2")))
LIMITS = {"s": Limits()}
Score = tuple[int, float, float]


def at(name: str) -> tuple[str, str, str]:
    """The cell of a product (T: all) in the year, or with a number in that quarter."""
    product, quarter = name[0], name[1:]
    return (f"2020Q{quarter}" if quarter else "2020", "all", product.replace("T", "all"))


def true_cells(
    respondents: dict[str, int], scores: dict[str, Score], kind: str = "mean"
) -> pa.Table:
    """Cells from the respondents and from (n, total, total of squares) by product."""
    low, high = {"mean": (1.0, 10.0), "share": (0.0, 100.0)}[kind]
    rows: list[dict[str, object]] = [
        place(at(p))
        | {"disclosure_group": "responses", "measure": "responses", "kind": "count"}
        | {"n": n, "n_effective": float(n), "weight": float(n)}
        for p, n in respondents.items()
    ]
    rows += [
        place(at(p))
        | {"disclosure_group": "grade", "measure": "grade", "kind": kind, "n": n, "low": low}
        | {"n_effective": float(n), "weight": float(n), "total": total}
        | {"total_squared": squares, "high": high}
        for p, (n, total, squares) in scores.items()
    ]
    texts = [*CELL, "disclosure_group", "measure", "kind", "answer"]
    numbers = ["n_effective", "weight", "total", "total_squared", "low", "high"]
    schema = [(t, pa.string()) for t in texts] + [(x, pa.float64()) for x in numbers]
    return pa.Table.from_pylist(rows, pa.schema([*schema, ("n", pa.int64())]))


def verdict(
    respondents: dict[str, int],
    scores: dict[str, Score],
    hidden: Collection[str],
    hidden_grade: Collection[str] | None = None,
    *,
    kind: str = "mean",
    limits: dict[str, Limits] = LIMITS,
) -> set[tuple[str, str, str]]:
    """(rule, product, measure) of the violations of a release that hides these products."""
    hidden_grade = hidden if hidden_grade is None else hidden_grade
    cells = true_cells(respondents, scores, kind)
    published = release(
        kpis=kpi({at(p): None if p in hidden_grade else s[:2] for p, s in scores.items()}),
        response=responses({at(p): None if p in hidden else n for p, n in respondents.items()}),
    )
    known = GRADE if kind == "mean" else scales(grade=("share", 0.0, 100.0))
    found = [
        judge(
            attacked(published, PRODUCTS, known, targets=targets),
            figures(published, known=known),
            cells,
            hierarchies=PRODUCTS,
            scales=known,
            limits=limits,
        )
        for targets in (None, targets_of(cells, limits))
    ]
    rules = [{(v.rule, v.cell[4], v.measure) for v in violations} for violations in found]
    assert rules[0] == rules[1]  # searching for what the judge needs only changes nothing
    return rules[0]


def sevens(**n: int) -> dict[str, Score]:
    """Scores around 7 for everybody."""
    return {p: (k, 7.0 * k, 51.0 * k) for p, k in n.items()}


def test_a_small_cell_behind_a_large_one_is_safe():
    n = {"T": 100, "A": 8, "B": 32, "C": 60}

    assert verdict(n, sevens(**n), "AB") == set()


def test_what_follows_from_everybody_who_answered_is_no_secret_in_the_year_either():
    # all 20 and 30 of the first quarter answered, as 50 of 50 did; so 20 + 19 did in the year
    n = {"A1": 20, "B1": 30, "T1": 50, "A2": 25, "B2": 35, "T2": 60, "A": 45, "B": 65, "T": 110}
    answered = n | {"A2": 19, "B2": 31, "T2": 50, "A": 39, "B": 61, "T": 100}

    assert verdict(n, sevens(**answered), "", {"A1", "B1", "A", "B"}) == set()


def test_what_does_not_follow_from_everybody_who_answered_is_exact():
    # 9 of A and 31 of B answered in the second quarter, which few enough did to be a secret
    n = {"A1": 20, "B1": 30, "T1": 50, "A2": 25, "B2": 35, "T2": 60, "A": 45, "B": 65, "T": 110}
    answered = n | {"A2": 9, "B2": 31, "T2": 40, "A": 29, "B": 61, "T": 90}
    hidden = {"A1", "B1", "A2", "B2", "B"}

    assert ("exact", "A", "grade") in verdict(n, sevens(**answered), "", hidden)


def test_a_lone_hidden_cell_is_exact_and_a_union():
    n = {"T": 100, "A": 8, "B": 32, "C": 60}

    found = verdict(n, sevens(**n), "A")

    assert {("exact", "A", m) for m in ("responses", "grade")} <= found
    assert {("union", "A", m) for m in ("responses", "grade")} <= found


def test_three_people_left_of_a_total_are_a_cell_too():
    n = {"T": 103, "A": 2, "B": 1, "C": 100}

    assert ("union", "A", "responses") in verdict(n, sevens(**n), "AB")


def test_a_hidden_part_with_one_score_tells_it_for_everybody():
    n = {"T": 100, "A": 8, "B": 32, "C": 60}
    scores = {"A": (8, 80.0, 800.0), "B": (32, 320.0, 3200.0), "C": (60, 420.0, 3060.0)}
    scores["T"] = (100, 820.0, 7060.0)

    found = verdict(n, scores, "AB")

    assert ("same_score", "all", "grade") in found
    assert ("narrow_mean", "A", "grade") in found


def test_an_interval_that_ends_at_the_truth_is_too_narrow():
    # A and B have 12 together and B at least one, so A at most 11: wide enough for 9, not for 10
    n = {"T": 72, "A": 9, "B": 3, "C": 60}
    assert not {v for v in verdict(n, sevens(**n), "AB") if v[0] == "narrow"}

    n = {"T": 72, "A": 9, "B": 1, "C": 62}
    found = verdict(n, sevens(**n), "AB")
    # 10 together: A at most 9, and it must be possible that it has 11
    assert {v for v in found if v[0] == "narrow"} == {("narrow", "A", "responses")}


def test_a_question_nobody_answered_in_a_hidden_cell_needs_its_row():
    n = {"T": 100, "A": 8, "B": 32, "C": 60}
    scores = {**sevens(T=92, B=32, C=60), "A": (0, 0.0, 0.0)}
    cells = true_cells(n, scores)
    rows = {at(p): s[:2] for p, s in scores.items() if p in "TC"}
    published = release(
        kpis=kpi({**rows, at("B"): None}),
        response=responses({at(p): None if p in "AB" else k for p, k in n.items()}),
    )

    found = judge(
        attacked(published, PRODUCTS),
        figures(published),
        cells,
        hierarchies=PRODUCTS,
        scales=GRADE,
        limits=LIMITS,
    )

    assert ("missing_row", "A") in {(v.rule, v.cell[4]) for v in found}


def test_a_published_small_cell_is_a_violation():
    n = {"T": 100, "A": 8, "B": 32, "C": 60}

    found = verdict(n, sevens(**n), "")

    assert found == {("small_published", "A", "responses"), ("small_published", "A", "grade")}


def test_a_share_of_nothing_is_counted_and_not_held_against_the_release():
    n = {"T": 100, "A": 8, "B": 32, "C": 60}
    scores = {
        "A": (8, 0.0, 0.0),
        "B": (32, 0.0, 0.0),
        "C": (60, 3000.0, 3e5),
        "T": (100, 3000.0, 3e5),
    }

    assert verdict(n, scores, "AB", kind="share") == set()

    published = release(kpis=kpi({at(p): None if p in "AB" else s[:2] for p, s in scores.items()}))
    intervals = attacked(published, PRODUCTS, scales(grade=("share", 0.0, 100.0)))
    assert count_extreme_shares(intervals, scales(grade=("share", 0.0, 100.0))) == 2

    protecting = {"s": Limits(protect_extreme_shares=True)}
    found = verdict(n, scores, "AB", kind="share", limits=protecting)
    assert found == {("extreme_share", "A", "grade"), ("extreme_share", "B", "grade")}


def test_an_n_pinned_at_a_published_number_of_respondents_is_harmless():
    """100 respondents answered, 40 of A and 60 of B: so everybody did."""
    n = {"T": 100, "A": 40, "B": 60}

    assert verdict(n, sevens(**n), "", "AB") == set()


def test_a_study_without_limits_is_refused():
    n = {"T": 100}
    cells = true_cells(n, sevens(**n))

    with pytest.raises(ValueError, match="no limits for study s"):
        targets_of(cells, {})


def test_three_published_totals_tell_nine_respondents_of_two_cells():
    """85 - 45 - 16 - 15 = 9, though no single equation leaves fewer than 24."""
    year = tree(("period", "2020", ("2020Q1", "2020Q2")), ("channel", "all", "cdt"))
    n = {("2020Q1", "c"): 20, ("2020Q1", "d"): 4, ("2020Q1", "t"): 16, ("2020Q1", "all"): 40,
         ("2020Q2", "c"): 25, ("2020Q2", "d"): 15, ("2020Q2", "t"): 5, ("2020Q2", "all"): 45,
         ("2020", "c"): 45, ("2020", "d"): 19, ("2020", "t"): 21, ("2020", "all"): 85}  # fmt: skip
    shown = {("2020Q1", "t"), ("2020Q1", "all"), ("2020Q2", "d"), ("2020Q2", "all"),
             ("2020", "c"), ("2020", "all")}  # fmt: skip
    rows = [
        place((*cell, "all"))
        | {"disclosure_group": "responses", "measure": "responses", "kind": "count", "n": k}
        | {"n_effective": float(k), "weight": float(k)}
        for cell, k in n.items()
    ]
    cells = pa.Table.from_pylist(rows, true_cells({}, {}).schema)
    known = {(*cell, "all"): k if cell in shown else None for cell, k in n.items()}
    published = release(response=responses(known))
    attack_ = attacked(published, year, targets=targets_of(cells, LIMITS))

    found = judge(attack_, figures(published), cells, hierarchies=year, scales=GRADE, limits=LIMITS)

    assert [(v.rule, v.what, v.equation) for v in found] == [
        (
            "union",
            "o 2020Q1 d + o 2020Q2 t are 9 respondents together",
            (
                "o 2020Q1 d + o 2020Q2 t = "
                "85 (o 2020) - 45 (o 2020 c) - 16 (o 2020Q1 t) - 15 (o 2020Q2 d)"
            ),
        )
    ]
    without = {"s": Limits(unions=False)}
    assert judge(
        attack_, figures(published), cells, hierarchies=year, scales=GRADE, limits=without
    ) == []  # fmt: skip


def of_two(
    then: dict[str, int | None], now: dict[str, int | None], came: dict[str, int]
) -> set[str]:
    """The rules broken by the difference of two vintages in which respondents were added."""
    tables = [
        release(response=responses({at(p): n for p, n in one.items()})) for one in (now, then)
    ]
    changed = [
        place(at(p)) | {"measure": "responses", "before": 1, "after": 0, "people": n}
        for p, n in came.items()
    ]
    shown = figures(*tables)
    cells = true_cells({p: n or 20 for p, n in now.items()}, {})
    return {
        v.rule
        for v in judge(
            attack(shown, PRODUCTS, GRADE, changed=pa.Table.from_pylist(changed)),
            shown,
            cells,
            hierarchies=PRODUCTS,
            scales=GRADE,
            limits=LIMITS,
        )
        if v.rule in ("difference", "contradiction", "limit")
    }


def test_three_who_came_may_not_be_known_and_hide_among_twenty():
    then = {"T": 100, "A": None, "B": None, "C": 60}

    assert of_two(then, {"T": 123, "A": None, "B": None, "C": 80}, {"A": 3, "C": 20}) == {
        "difference"
    }
    assert of_two(then, {"T": 143, "A": None, "B": None, "C": 80}, {"A": 3, "B": 20, "C": 20}) == (
        set()
    )
