"""Cells written out by hand, or added up from a few counts.

Belongs here: cells whose figures stand in the test. Does not belong here: cells made from
respondents (made_cells).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
from made_cells import BASE, CELL, CELLS, Key, Partition, key


def counted(
    counts: Mapping[Key | Sequence[str], int],
    dimensions: Sequence[str],
    partitions: Collection[Partition],
) -> pa.Table:
    """Return base cells of leaf counts, added up over `partitions`.

    Args:
        counts: respondents per leaf: one node per dimension, in the order of `dimensions`.
        dimensions: the dimensions in use.
        partitions: how leaves add up, in every dimension in use.

    """
    above = {d: _ancestors(d, partitions) for d in dimensions}
    sums: dict[Key, int] = {}
    for leaf, n in counts.items():
        nodes = [above[d].get(node, {node}) for d, node in zip(dimensions, leaf, strict=True)]
        for cell in itertools.product(*nodes):
            names = {"period": "2020Q4"} | dict(zip(dimensions, cell, strict=True))
            sums[key("s", "o", names)] = sums.get(key("s", "o", names), 0) + n
    rows = [
        dict(zip(CELL, cell, strict=True)) | base_figures(n) for cell, n in sums.items() if n > 0
    ]
    return pa.Table.from_pylist(rows, schema=CELLS)


def base_figures(n: int) -> dict[str, object]:
    return {
        "disclosure_group": BASE,
        "measure": BASE,
        "kind": "count",
        "n": n,
        "n_effective": float(n) if n else None,
        "weight": float(n),
    }


def graded(n: int, total: float, squared: float, group: str = "grade") -> dict[str, object]:
    """Return the figures of a grade 1..10 in one cell."""
    return base_figures(n) | {
        "disclosure_group": group,
        "measure": group,
        "kind": "mean",
        "total": float(total),
        "total_squared": float(squared),
        "low": 1.0,
        "high": 10.0,
    }


def _ancestors(dimension: str, partitions: Collection[Partition]) -> dict[str, set[str]]:
    up: dict[str, set[str]] = {}
    for p in partitions:
        if p.dimension == dimension:
            for child in p.children:
                up.setdefault(child, set()).add(p.parent)
    nodes = set(up) | {parent for parents in up.values() for parent in parents}

    def climb(node: str) -> set[str]:
        return {node}.union(*(climb(parent) for parent in up.get(node, set())))

    return {node: climb(node) for node in nodes}


def listed(figures: Mapping[Key, Sequence[Mapping[str, object]]]) -> pa.Table:
    """Return cells written out by hand: the rows of each cell, as `base_figures` makes them."""
    rows = [
        dict(zip(CELL, cell, strict=True)) | dict(row)
        for cell, rows_of_cell in figures.items()
        for row in rows_of_cell
    ]
    return pa.Table.from_pylist(rows, schema=CELLS)


def place(product: str = "all", period: str = "2020Q4", **nodes: str) -> Key:
    """Return a cell of study `s` and organisation `o`."""
    return key("s", "o", {"product_code": product, "period": period} | nodes)
