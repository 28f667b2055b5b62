"""What one cell of a file of tables may hold: text in, value out.

Belongs here: parsers that know one cell and nothing else; all raise BadCellError. Does not belong
here: rules about several cells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dagster_project.codebook.cells import BadCellError
from dagster_project.codebook.folding import fold
from dagster_project.disclosure.attack.layout import TOTAL
from dagster_project.report_check import cells
from dagster_project.report_check.figure import Printed

TOTALS = frozenset({TOTAL, "total", "totaal"})
"""Values that stand for the total of their dimension."""
MARKS = cells.NOTHING | {"x", "*", "**", "..", ":", "s", "c", "nb", "n.b.", "suppressed", "geheim"}
"""What stands where a number is suppressed."""

_BELOW = re.compile(r"(<=|<|\N{LESS-THAN OR EQUAL TO})\s*(\d+)", re.ASCII)
_BETWEEN = re.compile(r"(\d+)\s*[-\N{EN DASH}]\s*(\d+)", re.ASCII)


@dataclass(frozen=True)
class Count:
    """A number of respondents, or None and what the mark in its place tells of it."""

    n: int | None
    least: int | None = None
    most: int | None = None


def value(cell: str) -> str:
    """Read the value of a dimension; a word for the total becomes `all`."""
    text = " ".join(cell.split())
    if not text:
        raise BadCellError("the cell is blank; write a value, or all for the total")
    return TOTAL if fold(text) in TOTALS else text


def count(cell: str) -> Count:
    """Read n: a whole number; `<10`, `1-9` for a suppressed one within bounds; or a mark."""
    text = cell.strip()
    if text.casefold() in MARKS:
        return Count(None)
    if below := _BELOW.fullmatch(text):
        return Count(None, None, int(below[2]) - (below[1] == "<"))
    if between := _BETWEEN.fullmatch(text):
        least, most = int(between[1]), int(between[2])
        if least > most:
            raise BadCellError(f"'{text}' runs backwards; write the lower number first")
        return Count(None, least, most)
    try:
        return Count(cells.whole(text))
    except BadCellError:
        raise BadCellError(
            f"'{text[: cells.LONGEST]}' is neither a number of respondents nor a mark for a "
            "suppressed one; write digits, x, or what is told, such as <10"
        ) from None


def mean(cell: str) -> Printed | None:
    """Read a mean with the decimals that are printed; None for a mark."""
    if cell.strip().casefold() in MARKS:
        return None
    return cells.printed(cell)


def limit(cell: str) -> int | None:
    """Read the most respondents that there can be; blank is None."""
    return cells.whole(cell) if cell.strip() else None
