"""Random tables against every promise of disclosure control, with oracles that share no code.

`KTO_BATTERY=5000` tries that many tables per test instead of the few of an ordinary run.
"""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pytest
from hand_cells import counted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear_oracles import exact_by_elimination, exact_by_null_vector, exact_by_programs
from made_cells import BASE, CELL, Key, Partition, Survey, hierarchy_table
from oracles import base_faults, faults, group_faults
from strategies import surveys
from truth import Truth, coefficients

from dagster_project.disclosure.protect import Pattern, Rules, protect

TABLES = int(os.environ.get("KTO_BATTERY", "0"))
UNNEEDED = 0.03
"""Of all secondaries, how many may turn out not to be needed: 12 of 1,588 did in 300 tables."""

Drawn = tuple[Survey, Rules]


def battery(tables: int) -> settings:
    quick = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=TABLES or tables, deadline=None, suppress_health_check=quick)


def protected(drawn: Drawn) -> Pattern:
    survey, rules = drawn
    return protect(survey.cells(), survey.hierarchies(), {"s": rules})


def shown(
    table: pa.Table, statuses: tuple[str, ...] = ("published",)
) -> dict[tuple[Key, str], bool]:
    return {
        (tuple(row[name] for name in CELL), row["disclosure_group"]): row["status"] in statuses
        for row in table.to_pylist()
    }


def truth(drawn: Drawn) -> Truth:
    survey, rules = drawn
    return Truth.of(survey.cells(), survey.hierarchies(), {"s": rules})


@battery(60)
@given(surveys())
def test_keeps_every_promise(drawn: Drawn):
    pattern = protected(drawn)
    assert pattern.report.unmet == 0
    assert faults(truth(drawn), shown(pattern.table)) == []


@battery(40)
@given(surveys(questions=False))
def test_keeps_every_promise_about_respondents(drawn: Drawn):
    assert faults(truth(drawn), shown(protected(drawn).table)) == []


@battery(10)
@given(surveys())
def test_names_every_cell_and_group_once_in_the_order_of_its_key(drawn: Drawn):
    table = protected(drawn).table
    names = [*CELL, "disclosure_group"]
    rows = [tuple(row[name] for name in names) for row in table.to_pylist()]
    wanted = {tuple(row[name] for name in names) for row in drawn[0].cells().to_pylist()}
    assert table.column_names == [*names, "status", "role"]
    assert rows == sorted(wanted)


@battery(15)
@given(surveys())
def test_fractions_random_vectors_and_programs_find_nothing_exact(drawn: Drawn):
    table = truth(drawn)
    published = shown(protected(drawn).table)
    for question in [*table.questions, None]:
        rows = table.base if question is None else question.rows
        group = BASE if question is None else question.group
        hidden = sorted(cell for cell in rows if not published[cell, group])
        system = coefficients(table.equations(rows), hidden)
        for oracle in (exact_by_elimination, exact_by_null_vector, exact_by_programs):
            assert oracle(system, len(hidden)) == set()


@battery(10)
@given(surveys(), st.randoms(use_true_random=False))
def test_order_of_rows_and_repetition_change_nothing(drawn: Drawn, random: object):
    survey, rules = drawn
    cells, hierarchies = survey.cells(), survey.hierarchies()
    shuffled = []
    for table in (cells, hierarchies):
        order = list(range(table.num_rows))
        random.shuffle(order)  # type: ignore[attr-defined]
        shuffled.append(table.take(order))
    once = protect(cells, hierarchies, {"s": rules}).table
    again = protect(*shuffled, {"s": rules}).table
    assert again.equals(once)


@pytest.mark.parametrize("seed", range(6))
def test_other_names_change_nothing_where_no_two_cells_are_equal(seed: int):
    rng = np.random.default_rng(seed)
    leaves = {
        (f"2020Q{q}", f"c{c}", f"p{p}"): int(rng.lognormal(3, 1.5)) + 1
        for q in range(1, 3)
        for c in range(3)
        for p in range(4)
    }
    here, there = _cross(), _cross({f"p{p}": f"x{9 - p}" for p in range(4)})
    renamed = {(q, c, f"x{9 - int(p[1])}"): n for (q, c, p), n in leaves.items()}
    found = [_hidden(counts, cross) for counts, cross in ((leaves, here), (renamed, there))]
    assert sorted(n for n, _ in found[0]) == sorted(n for n, _ in found[1])


def _cross(names: dict[str, str] | None = None) -> tuple[Partition, ...]:
    products = [f"p{p}" for p in range(4)]
    return (
        Partition("period", "year", "2020", ("2020Q1", "2020Q2")),
        Partition("channel", "leaf", "all", ("c0", "c1", "c2")),
        Partition("product_code", "leaf", "all", tuple((names or {}).get(p, p) for p in products)),
    )


def _hidden(
    leaves: dict[tuple[str, str, str], int], partitions: tuple[Partition, ...]
) -> list[tuple[int, Key]]:
    dimensions = ["period", "channel", "product_code"]
    cells = counted(leaves, dimensions, partitions)
    hierarchies = hierarchy_table(partitions)
    table = protect(cells, hierarchies, {"s": Rules(min_n=10)}).table
    published = shown(table)
    counts = {tuple(row[name] for name in CELL): row["n"] for row in cells.to_pylist()}
    return [(n, cell) for cell, n in counts.items() if not published[cell, BASE]]


def test_a_secondary_that_is_taken_back_lets_the_attack_succeed():
    needed = []

    @battery(40)
    @given(surveys())
    def take_back(drawn: Drawn) -> None:
        table, pattern = truth(drawn), protected(drawn).table
        published = shown(pattern)
        for row in pattern.to_pylist():
            cell, group = tuple(row[name] for name in CELL), row["disclosure_group"]
            own = group == BASE or published[cell, BASE]
            if row["role"] == "secondary" and own:
                needed.append(_breaks(table, published, cell, group))

    take_back()
    unneeded = needed.count(False) / len(needed)
    assert unneeded < UNNEEDED, f"{unneeded:.1%} of {len(needed)} secondaries were not needed"


def _breaks(table: Truth, published: dict[tuple[Key, str], bool], cell: Key, group: str) -> bool:
    hidden = {c for c in table.base if not published.get((c, group))} - {cell}
    if group == BASE:
        return bool(base_faults(table, hidden))
    respondents_hidden = {c for c in table.base if not published.get((c, BASE))}
    return bool(group_faults(table, group, hidden, respondents_hidden))
