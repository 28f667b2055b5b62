"""Tables of official statistics and of earlier simulations, with a known answer.

The files are described in cases/README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pytest
from hand_cells import base_figures, counted, graded, listed, place
from linear_oracles import exact_by_elimination
from made_cells import BASE, Key, Measure, Partition, Survey, hierarchy_table
from truth import Truth, coefficients
from verdicts import ABC, PUBLIC, TEN, broken, hidden, of, read, statuses

from dagster_project.disclosure.protect import Rules, protect


def test_three_secondaries_are_enough_for_three_primaries():
    rows = read("z1_input.csv")
    regions, main = "ABCDEFGH", ("annet", "arbeid", "soshjelp", "trygd")
    cross = (
        Partition("product_code", "leaf", "all", tuple(regions)),
        Partition("channel", "leaf", "all", main),
    )
    counts = {(row["region"], row["hovedint"]): int(row["n"]) for row in rows}
    cells = counted(counts, ["product_code", "channel"], cross)
    rules = {"s": Rules(min_n=4)}
    found = statuses(cells, cross, rules)
    expected = read("z1_three_secondaries.csv")
    primary = {
        place(row["region"], channel=row["hovedint"]) for row in expected if row["status"] == "U"
    }
    assert primary == {place(region, channel="arbeid") for region in "BDH"}
    assert primary < hidden(found)
    assert len(hidden(found)) == 6
    assert broken(cells, cross, found, rules) == []


def months_and_regions() -> tuple[pa.Table, list[Partition]]:
    """Return z3: regions within counties and within cost groups, months within two groupings."""
    rows = read(PUBLIC / "z3.csv")

    def groups(dimension: str, name: str, child: str, parent: str, top: str) -> list[Partition]:
        # a total and a part never share a code: one region is called T
        of = {row[child]: f"{name} {row[parent]}" for row in rows}
        tops = tuple(sorted(set(of.values())))
        return [Partition(dimension, name, top, tops)] + [
            Partition(dimension, "leaf", node, tuple(c for c, p in of.items() if p == node))
            for node in tops
        ]

    partitions = [
        Partition("channel", "leaf", "all", tuple(sorted({row["hovedint"] for row in rows}))),
        *groups("product_code", "fylke", "region", "fylke", "all"),
        *groups("product_code", "kostragr", "region", "kostragr", "all"),
        Partition("period", "months", "2020", ("m01m05", "m06m09", "m10m12")),
        *groups("period", "halves", "mnd", "mnd2", "2020"),
    ]
    counts = {(row["region"], row["hovedint"], row["mnd"]): int(row["n"]) for row in rows}
    return counted(counts, ["product_code", "channel", "period"], partitions), partitions


def test_overlapping_regions_and_months_leak_nothing():
    cells, partitions = months_and_regions()
    truth = Truth.of(cells, hierarchy_table(partitions), TEN)
    primary = sorted(cell for cell, row in truth.base.items() if truth.small(cell, row))
    alone = coefficients(truth.equations(truth.base), primary)
    assert (len(primary), len(exact_by_elimination(alone, len(primary)))) == (635, 186)
    found = statuses(cells, partitions)
    assert set(primary) < hidden(found)
    assert broken(cells, partitions, found) == []


def test_hides_a_second_product_beside_the_one_that_would_follow():
    squared = {"A": 350.0, "B": 1010.0, "C": 1600.0, "T": 2960.0}
    figures = {
        place(row["product"].replace("T", "all")): [
            base_figures(int(row["n"])),
            graded(int(row["n"]), float(row["sum"]), squared[row["product"]]),
        ]
        for row in read("one_missing_sibling.csv")
    }
    cells = listed(figures)
    found = statuses(cells, ABC)
    for group in (BASE, "grade"):
        assert hidden(found, group) == {place("A"), place("B")}
    assert broken(cells, ABC, found) == []


def test_hides_in_every_group_what_is_hidden_in_the_base():
    figures = {}
    for row in read("item_nonresponse.csv"):
        n = int(row["n_kpi"])
        product = row["product"].replace("T", "all")
        figures[place(product)] = [
            base_figures(int(row["n_resp"])),
            graded(n, 7 * n + 1, 50 * n + 15),
        ]
    figures[place()][1] = graded(45, 7 * 45 + 3, 50 * 45 + 45)
    cells = listed(figures)
    found = statuses(cells, ABC)
    assert hidden(found) == hidden(found, "grade") == {place("A"), place("B")}
    assert broken(cells, ABC, found) == []
    # the mistake: another partner in the question than among the respondents
    apart = dict(found)
    apart[place("B"), "grade"], apart[place("C"), "grade"] = "published", "suppressed"
    assert any(fault.startswith("nesting") for fault in broken(cells, ABC, apart))


def municipalities() -> dict[str, tuple[pa.Table, list[Partition]]]:
    """Return one table per municipality: a row over all of them does not exist here."""
    rows = [row for row in read("benchmark_leak.csv") if row["mun"] != "T"]
    names = {
        name: tuple(sorted({row[name] for row in rows} - {"T"}))
        for name in ("chan", "prod", "quart")
    }
    partitions = [
        Partition("channel", "leaf", "all", names["chan"]),
        Partition("product_code", "leaf", "all", names["prod"]),
        Partition("period", "leaf", "2020", names["quart"]),
    ]
    found = {}
    for municipality in sorted({row["mun"] for row in rows}):
        here = [row for row in rows if row["mun"] == municipality and int(row["n"])]
        found[municipality] = (listed(_graded_rows(here)), partitions)
    return found


def _graded_rows(rows: Sequence[Mapping[str, str]]) -> dict[Key, list[dict[str, object]]]:
    """Give n and sum a sum of squares: of a variance of 2 in every leaf."""
    leaves = [row for row in rows if "T" not in (row["chan"], row["prod"], row["quart"])]
    squared = {}
    for row in rows:
        below = [
            leaf
            for leaf in leaves
            if all(row[name] in ("T", leaf[name]) for name in ("chan", "prod", "quart"))
        ]
        squared[id(row)] = sum(int(x["s"]) ** 2 / int(x["n"]) + 2 * int(x["n"]) for x in below)
    return {
        place(
            row["prod"].replace("T", "all"),
            row["quart"].replace("T", "2020"),
            channel=row["chan"].replace("T", "all"),
        ): [
            base_figures(int(row["n"])),
            graded(int(row["n"]), float(row["s"]), squared[id(row)]),
        ]
        for row in rows
    }


@pytest.mark.parametrize("municipality", [f"M00{number}" for number in range(5)])
def test_no_municipality_leaks_from_a_table_of_its_own(municipality: str):
    cells, partitions = municipalities()[municipality]
    found = statuses(cells, partitions)
    assert broken(cells, partitions, found) == []


def test_a_mean_moves_by_points_and_by_people_together():
    rows = read("hardly_above_the_lowest.csv")
    rows = [row for row in rows for _ in range(int(row["respondents"]))]
    items = ("kind", "clear", "quick")
    answers = {item: np.array([float(row[item]) for row in rows]) for item in items}
    answers["friendly"] = np.mean(list(answers.values()), axis=0)
    survey = Survey(
        (
            Partition("channel", "leaf", "all", ("c0", "c1", "c2")),
            Partition("segment", "size", "all", ("size=0", "size=1", "size=2")),
        ),
        {
            ("channel", "leaf"): np.array([row["channel"] for row in rows]),
            ("segment", "size"): np.array([f"size={row['size']}" for row in rows]),
        },
        tuple(Measure("friendly", name, "mean", 1.0, 10.0) for name in ("friendly", *items)),
        answers,
        np.array([float(row["weight"]) for row in rows]),
    )
    rules = {"s": Rules(min_n=5)}
    pattern = protect(survey.cells(), survey.hierarchies(), rules)
    assert pattern.report.unmet == 0
    assert broken(survey.cells(), survey.partitions, of(pattern.table), rules) == []
