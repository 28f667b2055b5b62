"""What follows from one release, on tables small enough to work out by hand."""

from __future__ import annotations

import math

import polars as pl
import pyarrow as pa
import pytest
from attack_tables import (
    CELL,
    attacked,
    case,
    found,
    kpi,
    place,
    release,
    responses,
    scales,
    status,
    tree,
)

from dagster_project.disclosure.attack import figures_of

PRODUCTS = tree(("product_code", "all", "ABC"))


def at(product: str) -> tuple[str, str, str]:
    return ("2020", "all", product)


def test_a_release_in_which_nobody_answered_tells_nothing():
    intervals = attacked(release(kpis=kpi({}), response=responses({})), PRODUCTS)

    assert intervals.intervals.num_rows == intervals.programs == 0


def test_one_missing_sibling_follows_by_subtraction_with_its_equation():
    rows = {
        row["product"]: (int(row["n"]), float(row["sum"]))
        for row in case("one_missing_sibling.csv")
    }
    shown = {at("all" if p == "T" else p): None if p == "A" else pair for p, pair in rows.items()}
    counts = {cell: pair and pair[0] for cell, pair in shown.items()}

    intervals = attacked(release(kpis=kpi(shown), response=responses(counts)), PRODUCTS)

    assert found(intervals, "responses", "n") == [(8, 8, True)]
    assert found(intervals, "grade", "n") == [(8, 8, True)]
    assert found(intervals, "grade", "total") == [(pytest.approx(52), pytest.approx(52), True)]
    equation = intervals.intervals.to_pylist()[0]["equation"]
    assert equation == "o 2020 A = 58 (o 2020) - 20 (o 2020 B) - 30 (o 2020 C)"


def test_two_respondents_in_two_hidden_cells_are_one_each():
    shown = {at("all"): (42, 300.0), at("C"): (40, 280.0), at("A"): None, at("B"): None}
    counts = {cell: pair and pair[0] for cell, pair in shown.items()}

    intervals = attacked(release(kpis=kpi(shown), response=responses(counts)), PRODUCTS)

    assert found(intervals, "responses", "n") == [(1, 1, True), (1, 1, True)]


def test_without_rows_of_figures_a_hidden_cell_may_be_empty():
    counts = {at("all"): 42, at("C"): 40, at("A"): None, at("B"): None}

    intervals = attacked(release(response=responses(counts)), PRODUCTS)

    assert found(intervals, "responses", "n") == [(0, 2, False), (0, 2, False)]


def test_those_who_answered_bound_those_who_responded():
    rows = case("item_nonresponse.csv")
    people = {at("all" if r["product"] == "T" else r["product"]): int(r["n_resp"]) for r in rows}
    answered = {at("all" if r["product"] == "T" else r["product"]): int(r["n_kpi"]) for r in rows}
    # respondents hidden in A and B, answers to the question in A and C: not nested
    response = responses({c: None if c[2] in "AB" else n for c, n in people.items()})
    figures = kpi({c: None if c[2] in "AC" else (n, 7.0 * n) for c, n in answered.items()})

    intervals = attacked(release(kpis=figures, response=response), PRODUCTS)

    # B has at least the 19 who answered, so A at most 58 - 30 - 19
    assert found(intervals, "responses", "n") == [(1, 9, False), (19, 27, False)]


def test_where_everybody_answered_the_small_cell_is_exact():
    response = responses({at("all"): 58, at("A"): None, at("B"): None, at("C"): 30})
    figures = kpi({at("all"): (58, 407.0), at("A"): None, at("B"): (20, 140.0), at("C"): None})

    intervals = attacked(release(kpis=figures, response=response), PRODUCTS)

    # 38 answered in A and C, at most 30 in C: at least 8 in A; B has 20, so A at most 8
    assert found(intervals, "responses", "n", at=at("A")) == [(8, 8, True)]


def test_one_silent_respondent_leaves_two_possibilities():
    response = responses({at("all"): 58, at("A"): None, at("B"): None, at("C"): 30})
    figures = kpi({at("all"): (57, 400.0), at("A"): None, at("B"): (20, 140.0), at("C"): None})

    intervals = attacked(release(kpis=figures, response=response), PRODUCTS)

    assert found(intervals, "responses", "n", at=at("A")) == [(7, 8, False)]


def test_the_counter_alone_asks_so_a_row_of_all_channels_would_tell_it():
    channels = tree(("channel", "all", ("counter", "digital")))
    shown = {("2020", "counter", "all"): None, ("2020", "all", "all"): (14, 105.0)}
    response = responses(
        {
            ("2020", "all", "all"): 40,
            ("2020", "counter", "all"): None,
            ("2020", "digital", "all"): None,
        }
    )

    wrong = attacked(release(kpis=kpi(shown), response=response), channels)
    del shown["2020", "all", "all"]
    right = attacked(release(kpis=kpi(shown), response=response), channels)

    assert found(wrong, "grade", "n") == [(14, 14, True)]
    assert found(right, "grade", "n") == [(0, 40, False)]


def test_a_year_to_date_tells_the_hidden_quarter():
    periods = tree(("period", "2020", ("2020Q1", "2020Q2", "2020Q3", "2020Q4")))
    shown = {
        ("2020", "all", "all"): (60, 420.0),
        ("2020Q1", "all", "all"): (52, 364.0),
        ("2020Q2", "all", "all"): None,
    }
    counts = {cell: pair and pair[0] for cell, pair in shown.items()}

    intervals = attacked(release(kpis=kpi(shown), response=responses(counts)), periods)

    assert found(intervals, "responses", "n") == [(8, 8, True)]


def test_scores_bound_the_mean_of_a_hidden_cell():
    # 12 hidden in A and B with 116 of at most 120 points: nobody can be far from 10
    shown = {at("all"): (42, 326.0), at("C"): (30, 210.0), at("A"): None, at("B"): None}
    counts = {cell: pair and pair[0] for cell, pair in shown.items()}

    intervals = attacked(release(kpis=kpi(shown), response=responses(counts)), PRODUCTS)

    assert found(intervals, "responses", "n") == [(1, 11, False)] * 2
    (low, high, exact), _ = found(intervals, "grade", "mean")
    assert (round(low, 6), high, exact) == (6.0, 10.0, False)


def test_a_share_of_nothing_pins_its_parts_but_not_their_n():
    shown = {at("all"): (42, 1000.0), at("C"): (20, 1000.0), at("A"): None, at("B"): None}
    figures = kpi(shown, "eens")

    intervals = attacked(release(kpis=figures), PRODUCTS, scales(eens=("share", 0.0, 100.0)))

    assert found(intervals, "eens", "total") == [(0, 0, True), (0, 0, True)]
    assert found(intervals, "eens", "n") == [(0, 22, False), (0, 22, False)]
    assert found(intervals, "eens", "mean") == [(0, 0, True), (0, 0, True)]


def test_answer_classes_together_are_tighter_than_their_n():
    """T: 6 yes, 4 no; the first two and the last two products together are published."""
    nested = tree(("product_code", "all", ("AB", "CD")), ("product_code", "AB", ("A", "B")))
    shown = {
        at("all"): (20, 900.0),
        at("CD"): (10, 300.0),
        at("AB"): (10, 600.0),
        at("A"): None,
        at("B"): None,
    }

    intervals = attacked(
        release(kpis=kpi(shown, "eens")), nested, scales(eens=("share", 0.0, 100.0))
    )

    assert found(intervals, "eens", "n") == [(0, 10, False), (0, 10, False)]
    assert found(intervals, "eens", "total") == [(0, 600, False), (0, 600, False)]


def test_promoters_and_detractors_come_out_of_score_and_margin():
    # C: 12 promoters, 6 passives, 2 detractors; all: 15, 8, 2 (n 25)
    def net(plus: int, zero: int, minus: int) -> dict[str, float | int]:
        n = plus + zero + minus
        value = 100 * (plus - minus) / n
        variance = 10000 * (plus + minus) / n - value**2
        return {"n": n, "value": value, "margin": 1.96 * (variance / n) ** 0.5}

    rows = [
        place(at("all")) | {"metric": "score", **net(15, 8, 2)} | status(False),
        place(at("C")) | {"metric": "score", **net(12, 6, 2)} | status(False),
        place(at("A")) | {"metric": "score"} | status(True),
        place(at("B")) | {"metric": "score"} | status(True),
    ]

    intervals = attacked(release(kpis=rows), PRODUCTS, scales(score=("net", -100.0, 100.0)))

    # A and B: 3 promoters, 2 passives and no detractor between them
    assert found(intervals, "score", "n") == [(0, 5, False)] * 2
    assert found(intervals, "score", "total") == [(0, 300, False)] * 2
    assert found(intervals, "score", "mean") == [(0, 100, False)] * 2


def test_an_answer_given_by_all_hidden_but_one_option_is_bounded_by_option():
    def row(product: str, answer: str, n: int | None, count: int) -> dict[str, object]:
        share = None if n is None else 100 * count / n
        return (
            place(at(product))
            | {"metric": "q", "answer": answer, "n": n, "share": share}
            | status(n is None)
        )

    rows = [
        *(row("all", a, 30, k) for a, k in (("1", 20), ("2", 10))),
        *(row("C", a, 18, k) for a, k in (("1", 8), ("2", 10))),
        *(row(p, a, None, 0) for p in "AB" for a in "12"),
    ]

    intervals = attacked(release(distribution=rows), PRODUCTS)

    question = "distribution of q"
    assert found(intervals, question, "total", answer="1") == [(0, 12, False)] * 2
    assert found(intervals, question, "total", answer="2") == [(0, 0, True)] * 2
    assert found(intervals, question, "n") == [(0, 12, False)] * 2


def test_a_metric_without_a_scale_is_refused():
    with pytest.raises(ValueError, match="no scale for metric grade"):
        attacked(release(kpis=kpi({at("A"): None})), PRODUCTS, scales(other=("mean", 1.0, 10.0)))


def test_a_net_score_whose_margin_a_population_shrinks_is_read_with_it():
    # 252 invited, 60 of them answered: 24 for, 24 between, 12 against. Without the population the
    # same margin would be that of 20 for, 32 between and 8 against
    cell = {"study": "s", "organisation_code": "o", "period": "2020", "channel": "all"}
    cell |= {"product_code": "all"}
    spread = 10000 * 36 / 60 - 20**2
    margin = 1.96 * math.sqrt(spread / 60) * math.sqrt((252 - 60) / 252)
    score = {"n": 60, "n_weighted": 60.0, "value": 20.0, "margin": margin, "status": "published"}
    invited = {"invited": 252, "responses": 60, "responses_invited": 60, "required_sample": 153}
    scored = cell | {"segment": "all", "segment_value": "all", "metric": "nps"} | score
    asked = cell | invited | {"status": "published"}
    known = scales(nps=("net", -100.0, 100.0))
    tables = {
        "mart_kpi": pa.Table.from_pylist([scored]),
        "mart_response": pa.Table.from_pylist([asked]),
    }
    rows = figures_of(tables, known).to_pylist()
    (row,) = [row for row in rows if row["measure"] == "nps"]
    assert (row["plus"], row["zero"], row["minus"]) == pytest.approx((24, 24, 12))


def test_who_did_not_answer_adds_up_and_tells_who_did():
    """A: 12 responded and 9 answered. Of 23 in the quarter 20 answered, so three did not.

    In the year all 31 of B and all 40 of C answered, so all did in the quarter: the three are of A.
    """
    shown: dict[tuple[str, str], tuple[int, int] | None] = {
        ("2020Q1", "all"): (23, 20),
        ("2020Q1", "A"): (12, 9),
        ("2020Q1", "B"): None,
        ("2020Q1", "C"): None,
        ("2020Q2", "B"): None,
        ("2020Q2", "C"): None,
        ("2020", "B"): (31, 31),
        ("2020", "C"): (40, 40),
    }
    counts = {(q, "all", p): pair and pair[0] for (q, p), pair in shown.items()}
    grades = {(q, "all", p): pair and (pair[1], 7.0 * pair[1]) for (q, p), pair in shown.items()}
    grades["2020Q1", "all", "A"] = None
    hierarchies = tree(("product_code", "all", "ABC"), ("period", "2020", ("2020Q1", "2020Q2")))
    published = release(kpis=kpi(grades), response=responses(counts))

    intervals = attacked(published, hierarchies)

    assert found(intervals, "grade", "n", at=("2020Q1", "all", "A")) == [(9, 9, True)]
    rows = pl.DataFrame(intervals.intervals).filter(
        (pl.col("measure") == "grade") & (pl.col("product_code") == "A") & (pl.col("figure") == "n")
    )
    assert rows["equation"].item() == (
        "o 2020Q1 A: respondents but those without an answer, who are "
        ">= 3 (o 2020Q1) as o 2020Q2 B >= 0, o 2020Q2 C >= 0 and <= 3 (o 2020Q1) "
        "as o 2020Q1 B >= 0, o 2020Q1 C >= 0"
    )


@pytest.mark.parametrize(
    ("value", "counts"), [(100.0, (1, 0, 0)), (0.0, (0, 1, 0)), (-100.0, (0, 0, 1))]
)
def test_the_net_score_of_one_answer_is_that_answer_without_a_margin(
    value: float, counts: tuple[int, int, int]
):
    cell = {"study": "s", "organisation_code": "o", "period": "2020", "channel": "all"}
    cell |= {"product_code": "all", "segment": "all", "segment_value": "all", "metric": "nps"}
    score = {"n": 1, "n_weighted": 1.0, "value": value, "margin": None, "status": "published"}
    rows = figures_of(release(kpis=[cell | score]), scales(nps=("net", -100.0, 100.0))).to_pylist()
    (row,) = [row for row in rows if row["measure"] == "nps"]
    assert (row["plus"], row["zero"], row["minus"]) == pytest.approx(counts)


INVITED = {"desk": (67, 67), "web": (43, 0), "all": (110, 67)}
"""Respondents, and how many of them answered an invitation, by channel; nobody invited the web."""


@pytest.mark.parametrize(("apart", "expected"), [(False, [(4, 4, True)]), (True, [(1, 15, False)])])
def test_a_channel_without_invitations_is_told_by_those_of_the_others(
    *, apart: bool, expected: list[tuple[float, float, bool]]
):
    """Of 16 with A, 12 answered an invitation, and everybody at the desk did: so 4 are of the web.

    Not so where invitations are known to be answered in another channel than their own.
    """
    rows = [
        place(("2020", channel, "all")) | {"responses": n, "responses_invited": invited}
        | status(hidden=False)
        for channel, (n, invited) in INVITED.items()
    ]  # fmt: skip
    rows.append(
        place(("2020", "all", "A")) | {"responses": 16, "responses_invited": 12} | status(False)
    )
    rows += [
        place(("2020", channel, "A")) | {"responses": None, "responses_invited": None}
        | status(hidden=True)
        for channel in ("desk", "web")
    ]  # fmt: skip
    rows += [
        place(("2020", channel, "B")) | {"responses": None, "responses_invited": None}
        | status(hidden=True)
        for channel in ("desk", "web", "all")
    ]  # fmt: skip
    hierarchies = tree(("product_code", "all", "AB"), ("channel", "all", ("desk", "web")))
    crossed = pa.Table.from_pylist(
        [place(("2020", "desk", "A")) | {"measure": "responses_invited"}] if apart else [],
        pa.schema([(name, pa.string()) for name in (*CELL, "measure")]),
    )

    grades = kpi(dict.fromkeys((("2020", c, p) for c in ("desk", "web") for p in "AB"), None))
    published = release(kpis=grades) | {"mart_response": pa.Table.from_pylist(rows)}
    intervals = attacked(published, hierarchies, apart=crossed)

    assert found(intervals, "responses", "n", at=("2020", "web", "A")) == expected


def test_invitations_that_are_hidden_everywhere_are_not_none():
    row = dict.fromkeys(("study", "organisation_code", "period"), "s")
    row |= {"channel": "all", "product_code": "all", "responses": 20, "responses_invited": None}
    told = [row | {"status": "published"}]
    hidden = [*told, row | {"product_code": "A", "responses": None, "status": "suppressed"}]
    for rows, expected in ((told, []), (hidden, [True, True])):
        table = pl.DataFrame(rows).with_columns(pl.col("responses_invited").cast(pl.Int64))
        tables = {"mart_response": table.to_arrow()}
        figures = pl.DataFrame(figures_of(tables, scales(grade=("mean", 1.0, 10.0))))
        assert figures.filter(measure="responses_invited")["hidden"].to_list() == expected
