"""What `protect` makes of a table written out by hand, and what the oracles say of it.

Belongs here: what several test modules need to judge such tables. Does not belong here: the tables.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from hand_cells import counted
from made_cells import BASE, CELL, Key, Partition, hierarchy_table
from oracles import faults
from truth import Truth

from dagster_project.disclosure.protect import Rules, protect

CASES = Path(__file__).parent / "cases"
PUBLIC = Path(__file__).parents[2] / "benchmarks" / "public"
ABC = (Partition("product_code", "leaf", "all", ("A", "B", "C")),)
TEN = {"s": Rules(min_n=10)}
Statuses = dict[tuple[Key, str], str]


def read(name: str | Path) -> list[dict[str, str]]:
    """Read a table of `cases/` by its name, or one elsewhere by its path."""
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def statuses(
    cells: pa.Table,
    partitions: Sequence[Partition],
    rules: Mapping[str, Rules] = TEN,
) -> Statuses:
    return of(protect(cells, hierarchy_table(partitions), rules).table)


def of(pattern: pa.Table) -> Statuses:
    return {
        (tuple(row[name] for name in CELL), row["disclosure_group"]): row["status"]
        for row in pattern.to_pylist()
    }


def shown(found: Statuses, group: str | None = None) -> dict[tuple[Key, str], bool]:
    return {
        (cell, of): status == "published"
        for (cell, of), status in found.items()
        if group in (None, of)
    }


def broken(
    cells: pa.Table,
    partitions: Sequence[Partition],
    found: Statuses,
    rules: Mapping[str, Rules] = TEN,
) -> list[str]:
    return faults(Truth.of(cells, hierarchy_table(partitions), rules), shown(found))


def hidden(found: Statuses, group: str = BASE) -> set[Key]:
    return {cell for (cell, of), status in found.items() if of == group and status != "published"}


def products(**n: int) -> pa.Table:
    leaves = {(name,): count for name, count in n.items()}
    return counted(leaves, ["product_code"], ABC)
