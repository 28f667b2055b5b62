"""A block that is as it was is not decided again, and one that is not is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hand_cells import place
from made_cells import BASE, as_released, hierarchy_table
from verdicts import ABC, TEN, products, touched_table

from dagster_project.disclosure import Ledger, Memory, Pattern, Rules, protect

TREE = hierarchy_table(ABC)
NOTHING = Ledger.empty()


def country(**n: int) -> pa.Table:
    """Two organisations with three products; `n` are the respondents of the first."""
    first, second = (pl.DataFrame(products(**k)) for k in (n, {"A": 30, "B": 4, "C": 50}))
    return pl.concat([first, second.with_columns(organisation_code=pl.lit("p"))]).to_arrow()


CELLS = country(A=8, B=30, C=40)


def decided(memory: Memory, cells: pa.Table = CELLS, ledger: Ledger = NOTHING) -> Pattern:
    return protect(cells, TREE, ledger, TEN, memory=memory)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """What a first run has written down."""
    first = Memory()
    assert decided(first).report.remembered == 0
    first.save(tmp_path / "decisions.parquet")
    return Memory.read(tmp_path / "decisions.parquet")


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_as_it_was_is_recalled_with_its_pattern_and_its_costs(memory: Memory, workers: int):
    again = protect(CELLS, TREE, NOTHING, TEN, memory=memory, workers=workers)
    afresh = decided(Memory())
    assert again.table.equals(afresh.table)
    assert again.report.remembered == 2
    assert replace(again.report, remembered=0, seconds=0) == replace(afresh.report, seconds=0)


def test_the_order_of_the_rows_does_not_matter(memory: Memory):
    shuffled = pl.DataFrame(CELLS).sample(fraction=1, shuffle=True, seed=1).to_arrow()
    assert decided(memory, shuffled).report.remembered == 2


def test_an_organisation_with_another_answer_is_decided_again(memory: Memory):
    cells = country(A=12, B=30, C=40)
    again = decided(memory, cells)
    assert again.report.remembered == 1
    assert again.table.equals(decided(Memory(), cells).table)


def test_another_rule_or_hierarchy_decides_everything_again(memory: Memory):
    rules = {"s": Rules(min_n=9)}
    assert protect(CELLS, TREE, NOTHING, rules, memory=memory).report.remembered == 0
    fewer = pl.DataFrame(TREE).filter(pl.col("child") != "C").to_arrow()
    alone = pl.DataFrame(CELLS).filter(pl.col("product_code") == "A").to_arrow()
    assert decided(memory, alone).report.remembered == 0
    assert protect(alone, fewer, NOTHING, TEN, memory=memory).report.remembered == 0


def test_an_organisation_of_which_something_was_released_since_is_decided_again(memory: Memory):
    first = decided(memory)
    released = pl.DataFrame(as_released(CELLS, first.table))
    own = released.filter(pl.col("organisation_code") == "o").to_arrow()
    ledger = Ledger(own, touched_table({}))
    assert decided(memory, CELLS, ledger).report.remembered == 1
    moved = Ledger(ledger.cells, touched_table({(place("B"), BASE): 3, (place(), BASE): 3}))
    assert decided(memory, CELLS, moved).report.remembered == 1


def test_other_code_decides_everything_again(memory: Memory, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dagster_project.disclosure.memory._code", lambda: b"other")
    assert decided(memory).report.remembered == 0


def test_what_no_run_asks_for_is_forgotten(memory: Memory, tmp_path: Path):
    one = pl.DataFrame(CELLS).filter(pl.col("organisation_code") == "o").to_arrow()
    decided(memory, one)
    memory.save(tmp_path / "later.parquet")
    assert decided(Memory.read(tmp_path / "later.parquet")).report.remembered == 1


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing else"])
def test_a_file_that_cannot_be_read_is_no_memory(tmp_path: Path, content: bytes):
    path = tmp_path / "decisions.parquet"
    path.write_bytes(content)
    assert decided(Memory.read(path)).report.remembered == 0


def test_a_file_of_another_make_is_no_memory(tmp_path: Path):
    path = tmp_path / "decisions.parquet"
    pl.DataFrame({"fingerprint": [b"x"], "cells": [1]}).write_parquet(path)
    assert decided(Memory.read(path)).report.remembered == 0
