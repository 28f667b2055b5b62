"""The oracles themselves: what they must find in patterns that were broken on purpose."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hand_cells import counted, graded
from hypothesis import given
from hypothesis import strategies as st
from linear_oracles import exact_by_elimination, exact_by_null_vector, exact_by_programs
from made_cells import BASE, CELL, CELLS, Partition, Survey, hierarchy_table, key
from oracles import faults
from strategies import surveys
from truth import Truth, coefficients

from dagster_project.disclosure.protect import Rules

PRODUCTS = (Partition("product_code", "leaf", "all", ("A", "B", "C")),)


def truth(counts: dict[str, int], min_n: int = 10) -> Truth:
    cells = counted({(name,): n for name, n in counts.items()}, ["product_code"], PRODUCTS)
    return Truth.of(cells, hierarchy_table(PRODUCTS), {"s": Rules(min_n=min_n)})


def shown(*products: str, group: str = BASE) -> dict[tuple[tuple[str, ...], str], bool]:
    return {
        (key("s", "o", {"product_code": name, "period": "2020Q4"}), group): True
        for name in products
    }


def kinds(found: list[str]) -> set[str]:
    return {line.split(":")[0] for line in found}


def test_finds_a_small_cell_that_is_published():
    assert "small" in kinds(faults(truth({"A": 8, "B": 20, "C": 30}), shown("all", "A", "B", "C")))


def test_finds_what_follows_by_subtraction():
    found = faults(truth({"A": 8, "B": 20, "C": 30}), shown("all", "B", "C"))
    assert kinds(found) == {"exact", "remainder", "union"}


def test_finds_a_remainder_of_three_people():
    assert kinds(faults(truth({"A": 1, "B": 2, "C": 100}), shown("all", "C"))) == {
        "remainder",
        "union",
    }


def test_finds_an_interval_that_is_too_narrow():
    # nine and one of ten: the one can only be nine or less, the nine cannot be ten
    found = faults(truth({"A": 9, "B": 1, "C": 100}), shown("all", "C"))
    assert kinds(found) == {"narrow"}


def test_finds_a_cell_pinned_by_the_others_being_at_least_one():
    assert "pinned" in kinds(faults(truth({"A": 1, "B": 1, "C": 100}, min_n=2), shown("all", "C")))


def test_accepts_a_pattern_that_keeps_its_promises():
    assert faults(truth({"A": 8, "B": 20, "C": 30}), shown("all", "C")) == []
    assert faults(truth({"A": 8, "B": 20, "C": 30}), {}) == []


def grade_table(**totals: tuple[int, float, float]) -> Truth:
    rows = []
    for name, (n, total, squared) in totals.items():
        cell = key("s", "o", {"product_code": name, "period": "2020Q4"})
        named = dict(zip(CELL, cell, strict=True))
        rows += [named | graded(n, total, squared, "grade")]
        rows += [named | graded(n, total, squared, BASE) | {"measure": BASE, "kind": "count"}]
    table = pa.Table.from_pylist(rows, schema=CELLS)
    return Truth.of(table, hierarchy_table(PRODUCTS), {"s": Rules()})


def test_finds_people_who_all_gave_the_same_grade():
    table = grade_table(
        all=(50, 390.0, 3200.0), A=(8, 80.0, 800.0), B=(12, 120.0, 1200.0), C=(30, 190.0, 1200.0)
    )
    found = faults(table, shown("all", "C") | shown("all", "C", group="grade"))
    assert kinds(found) == {"remainder"}


def test_finds_a_mean_that_is_nearly_known():
    # the thirty gave 10 but for 0.3 in all: whoever is in A, their mean is 9.7 or more
    table = grade_table(
        all=(60, 489.7, 4213.1), A=(8, 80.0, 800.0), B=(22, 219.7, 2194.1), C=(30, 190.0, 1219.0)
    )
    found = faults(table, shown("all", "C") | shown("all", "C", group="grade"))
    assert kinds(found) == {"mean"}


def test_finds_a_group_that_is_published_in_a_hidden_cell():
    table = grade_table(
        all=(60, 400.0, 3000.0), A=(20, 150.0, 1200.0), B=(20, 150.0, 1200.0), C=(20, 100.0, 600.0)
    )
    assert "nesting" in kinds(
        faults(table, shown("all", "C") | shown("all", "A", "C", group="grade"))
    )


@given(surveys(questions=False), st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.3, 0.6]))
def test_fractions_random_vectors_and_programs_agree_on_what_is_exact(
    drawn: tuple[Survey, Rules], seed: int, share: float
):
    survey, rules = drawn
    table = Truth.of(survey.cells(), survey.hierarchies(), {"s": rules})
    rng = np.random.default_rng(seed)
    hidden = sorted(cell for cell in table.base if rng.random() < share)
    rows = coefficients(table.equations(table.base), hidden)
    exact = exact_by_elimination(rows, len(hidden))
    assert exact_by_null_vector(rows, len(hidden)) == exact
    assert exact_by_programs(rows, len(hidden)) == exact


@pytest.mark.parametrize("seed", [1, 2])
def test_elimination_finds_sums_of_several_equations(seed: int):
    # x + y, y + z and x + z together give each of them
    rows = [{0: 1, 1: 1}, {1: 1, 2: 1}, {0: 1, 2: 1}]
    assert exact_by_elimination(rows, 4) == {0, 1, 2}
    assert exact_by_null_vector(rows, 4, seed) == {0, 1, 2}
    assert exact_by_programs(rows, 4) == {0, 1, 2}
