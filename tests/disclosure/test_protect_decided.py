"""Cells that are decided already: final quarters under their year, and blocks that are no years."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hand_cells import counted, place
from hypothesis import HealthCheck, given, settings
from made_cells import BASE, CELL, Key, Partition, Survey, hierarchy_table
from oracles import faults
from strategies import surveys
from truth import Truth
from verdicts import hidden, of

from dagster_project.disclosure.protect import Layout, Rules, protect

QUARTERS = ("2020Q1", "2020Q2")
TREE = (
    Partition("product_code", "leaf", "all", ("A", "B", "C")),
    Partition("period", "year", "2020", QUARTERS),
)
TEN = {"s": Rules(min_n=10)}


def in_two_steps(cells: pa.Table, tree: pa.Table, rules: dict[str, Rules]) -> tuple[pa.Table, ...]:
    """Return the pattern of the quarters alone, and of all given that."""
    quarters = cells.filter(pc.not_equal(cells["period"], "2020"))
    first = protect(quarters, tree, rules)
    second = protect(cells, tree, rules, decided=first.table)
    assert second.report.unmet == 0
    return first.table, second.table


def test_quarters_without_their_year_are_blocks_of_their_own():
    # 8 in both quarters: in one block their sum could not be told, apart it is no matter
    counts = {("A", "2020Q1"): 8, ("B", "2020Q1"): 30, ("C", "2020Q1"): 40, ("A", "2020Q2"): 20}
    cells = counted(counts, ["product_code", "period"], TREE[:1])
    found = of(protect(cells, hierarchy_table(TREE), TEN).table)
    assert hidden(found) == {place("A", "2020Q1"), place("B", "2020Q1")}


def test_a_year_does_not_give_a_quarter_away():
    # A is hidden in one quarter and published in the other: so it is hidden in the year
    counts = {
        (product, quarter): n
        for quarter, row in zip(QUARTERS, ((8, 12, 40), (50, 60, 70)), strict=True)
        for product, n in zip("ABC", row, strict=True)
    }
    cells = counted(counts, ["product_code", "period"], TREE)
    first, second = in_two_steps(cells, hierarchy_table(TREE), TEN)
    quarter = {place("A", "2020Q1"), place("B", "2020Q1")}
    assert hidden(of(first)) == quarter
    assert hidden(of(second)) == quarter | {place("A", "2020"), place("B", "2020")}


def test_a_year_shows_what_its_quarters_hide_if_that_is_enough():
    counts = {("A", "2020Q1"): 8, ("B", "2020Q1"): 30, ("A", "2020Q2"): 7, ("B", "2020Q2"): 31}
    cells = counted(counts, ["product_code", "period"], TREE)
    first, second = in_two_steps(cells, hierarchy_table(TREE), TEN)
    assert hidden(of(first)) == {place(p, q) for p in "AB" for q in QUARTERS}
    # eight and seven are fifteen, and the year hides nothing
    assert hidden(of(second)) == hidden(of(first))


def test_refuses_a_status_that_is_none():
    cells = counted({("A",): 20}, ["product_code"], TREE[:1])
    row = dict(zip(CELL, place("A"), strict=True)) | {"disclosure_group": BASE, "status": "frozen"}
    with pytest.raises(ValueError, match="status frozen is none of published, suppressed"):
        protect(cells, hierarchy_table(TREE), TEN, decided=pa.Table.from_pylist([row]))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(surveys())
def test_keeps_what_is_decided_and_every_promise(drawn: tuple[Survey, Rules]):
    survey, rules = drawn
    cells, tree = survey.cells(), survey.hierarchies()
    first, second = in_two_steps(cells, tree, {"s": rules})
    decided, found = of(first), of(second)
    assert {one: found[one] for one in decided} == decided
    shown = {one: status == "published" for one, status in found.items()}
    assert faults(Truth.of(cells, tree, {"s": rules}), shown) == []


def test_names_its_dimensions_by_a_layout():
    layout = Layout("survey", ("region", "age"))
    rows = [
        {"survey": "x", "region": region, "age": age, "n": n}
        for region, age, n in (
            ("north", "all", 27),
            ("north", "young", 7),
            ("north", "old", 20),
            ("south", "young", 30),
        )
    ]
    numbers = {"n_effective": None, "answer": None, "kind": "count"}
    cells = pa.Table.from_pylist(
        [row | numbers | {"disclosure_group": BASE, "measure": BASE} for row in rows]
    )
    tree = pa.Table.from_pylist(
        [
            {"survey": "x", "dimension": "age", "partition": "age", "parent": "all", "child": age}
            for age in ("young", "old")
        ]
    )
    table = protect(cells, tree, {"x": Rules()}, layout=layout).table
    assert table.column_names == ["survey", "region", "age", "disclosure_group", "status", "role"]
    statuses = [(row["region"], row["age"], row["status"]) for row in table.to_pylist()]
    assert statuses == [
        ("north", "all", "published"),
        ("north", "old", "suppressed"),
        ("north", "young", "suppressed"),
        ("south", "young", "published"),
    ]


def keys(table: pa.Table) -> set[Key]:
    return {tuple(row[name] for name in CELL) for row in table.to_pylist()}


def test_every_cell_is_named_once_whatever_is_decided():
    counts = dict(zip(itertools_places(), np.arange(5, 11), strict=True))
    cells = counted({place: int(n) for place, n in counts.items()}, ["product_code", "period"], TREE)
    _, second = in_two_steps(cells, hierarchy_table(TREE), TEN)
    assert second.num_rows == len(keys(second)) == cells.num_rows


def itertools_places() -> list[tuple[str, str]]:
    return [(product, quarter) for product in "ABC" for quarter in QUARTERS]
