"""Finds the row of column names where it is plain: the first that has all columns a feed requires.

Belongs here: titles, blank rows and `sep=` lines above the names (but no rows of data, which would
be lost without a word), and the two rows of texts that Qualtrics puts below them. Does not belong
here: cutting files into rows (the readers), what is wrong with a header (header).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dagster_project.codebook import fold
from dagster_project.ingest.source import DeliveryRejectedError

LOOKED_AT = 25
"""Rows from the top among which the names are looked for."""
NO_NAMES = f"; none of the first {LOOKED_AT} rows holds the column names"
NUMBER_OR_DAY = re.compile(r"[\W_]*[0-9][\W\d_]*(?:T[\d\W]+Z?)?")
IMPORT_ID = '{"importid"'
"""How every cell of the third row of a Qualtrics export begins."""

Required = Sequence[frozenset[str]]
"""For each column that a feed requires the folded names that it may have."""


@dataclass(frozen=True)
class HeaderRow:
    """`names` stand in row `row` (1 is the first); rows up to `last` are no data.

    Above the names a line is a row; below them a row with line breaks in it is one.
    """

    names: tuple[str, ...]
    row: int
    last: int
    found: bool


def find_header(rows: Iterable[tuple[int, Sequence[str]]], required: Required) -> HeaderRow:
    """Find the names in the first rows of a file, given with their numbers; else take row 1.

    Raises:
        DeliveryRejectedError: rows with data stand above the names.

    """
    looked_at = list(rows)
    for place, (number, row) in enumerate(looked_at):
        if _has_all(row, required):
            _refuse_data_above(looked_at[:place], number, row, required)
            below = looked_at[place + 1 : place + 3]
            is_export = len(below) == 2 and _is_import_ids(below[1][1])  # noqa: PLR2004
            last = number + (2 if is_export else 0)
            return HeaderRow(_without_blank_end(row), number, last, found=True)
    first = looked_at[0][1] if looked_at else ()
    return HeaderRow(_without_blank_end(first), 1, 1, found=False)


def _has_all(row: Sequence[str], required: Required) -> bool:
    folded = {fold(name) for name in row}
    return bool(required) and all(names & folded for names in required)


def _refuse_data_above(
    above: Sequence[tuple[int, Sequence[str]]],
    number: int,
    names: Sequence[str],
    required: Required,
) -> None:
    """See that no row above the names fills all columns that are required, a number among them."""
    folded = [fold(name) for name in names]
    places = [next(at for at, name in enumerate(folded) if name in one) for one in required]
    for _, row in above:
        cells = [row[at].strip() if at < len(row) else "" for at in places]
        if all(cells) and any(NUMBER_OR_DAY.fullmatch(cell) for cell in cells):
            raise DeliveryRejectedError(
                f"the column names stand in row {number}, and above them rows with data; "
                "put the names above all rows"
            )


def _is_import_ids(row: Sequence[str]) -> bool:
    cells = [cell.strip().lower() for cell in row if cell.strip()]
    return bool(cells) and all(cell.startswith(IMPORT_ID) for cell in cells)


def _without_blank_end(row: Sequence[str]) -> tuple[str, ...]:
    names = list(row)
    while names and not names[-1].strip():
        names.pop()
    return tuple(names)
