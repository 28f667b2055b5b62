"""What `protect` makes of a table written out by hand, and what the oracles say of it.

Belongs here: what several test modules need to judge such tables. Does not belong here: the tables.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from hand_cells import counted
from made_cells import BASE, CELL, Key, Partition, as_released, hierarchy_table
from oracles import faults
from release_oracles import restatement_faults
from truth import Truth

from dagster_project.disclosure import Ledger, Rules, protect

CASES = Path(__file__).parent / "cases"
ABC = (Partition("product_code", "leaf", "all", ("A", "B", "C")),)
TEN = {"s": Rules(min_n=10)}
Statuses = dict[tuple[Key, str], str]


def read(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def statuses(
    cells: pa.Table,
    partitions: Sequence[Partition],
    rules: Mapping[str, Rules] = TEN,
    ledger: Ledger | None = None,
) -> Statuses:
    tree = hierarchy_table(partitions)
    return of(protect(cells, tree, ledger or Ledger.empty(), rules).table)


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


class Releases:
    """One table released twice."""

    def __init__(
        self,
        before: pa.Table,
        now: pa.Table,
        partitions: Sequence[Partition],
        touched: Mapping[tuple[Key, *tuple[str, ...]], int],
    ) -> None:
        """`touched` counts respondents by cell, group and (unless named like it) measure."""
        tree = hierarchy_table(partitions)
        first = protect(before, tree, Ledger.empty(), TEN).table
        self.first = statuses(before, partitions)
        changes = touched_table(touched)
        self.second = statuses(now, partitions, ledger=Ledger(as_released(before, first), changes))
        truths = Truth.of(before, tree, TEN), Truth.of(now, tree, TEN)
        self.faults = restatement_faults(truths, (shown(self.first), shown(self.second)), changes)


def touched_table(touched: Mapping[tuple[Key, *tuple[str, ...]], int]) -> pa.Table:
    columns = [(name, pa.string()) for name in (*CELL, "disclosure_group", "measure")]
    rows = [
        dict(zip(CELL, cell, strict=True))
        | {"disclosure_group": names[0], "measure": names[-1], "version": 1, "touched": n}
        for (cell, *names), n in touched.items()
    ]
    schema = pa.schema([*columns, ("version", pa.int32()), ("touched", pa.int64())])
    return pa.Table.from_pylist(rows, schema=schema)
