"""The codebook as typed tables, for the models.

Belongs here: the types of their columns, which are those of the row types. Does not belong here:
where the tables are written. Apart from the rest of the package, as pyarrow takes time to load.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import NoneType
from typing import get_args, get_type_hints

import pyarrow as pa

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.tables import TABLES, Table

SORT_ORDER = "sort_order"
"""The place of a row among those of its table, from 1: the order in which things are shown."""
_TYPES = {
    bool: pa.bool_(),
    int: pa.int32(),
    float: pa.float64(),
    str: pa.string(),
    date: pa.date32(),
}


def typed_tables(codebook: Codebook) -> Iterator[tuple[str, pa.Table]]:
    """Yield each table with its name: a column per cell, and `sort_order`."""
    for table in TABLES:
        rows = getattr(codebook, table.name)
        schema = _schema(table)
        columns = {name: [getattr(row, name) for row in rows] for name in table.columns}
        columns[SORT_ORDER] = list(range(1, len(rows) + 1))
        yield table.name, pa.table(columns, schema=schema)


def _schema(table: Table) -> pa.Schema:
    hints = get_type_hints(table.row_type)
    fields = [(name, _TYPES[_without_none(hints[name])]) for name in table.columns]
    return pa.schema([*fields, (SORT_ORDER, pa.int64())])


def _without_none(hint: type) -> type:
    return next((one for one in get_args(hint) if one is not NoneType), hint)
