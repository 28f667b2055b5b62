"""What one cell of the codebook may hold: text in, typed value out.

Belongs here: parsers that know one cell and nothing else. Does not belong here: rules about several
cells, or which column has which parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

Cell = Callable[[str], Any]
"""Takes the text of a cell, gives the typed value; raises BadCellError."""

_NO_FALLBACK = object()
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
YEAR = re.compile(r"[12]\d{3}", re.ASCII)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
RESERVED = "all"
"""Stands for a total in every published table, so no row may have it as its code."""


class BadCellError(ValueError):
    """A cell that may not be as it is.

    A `fallback` is a value of the right type with which the rest of the codebook can still be
    judged; without one, checks that read this file are skipped.
    """

    def __init__(self, message: str, fallback: Any = _NO_FALLBACK) -> None:  # noqa: ANN401
        super().__init__(message)
        self.usable = fallback is not _NO_FALLBACK
        self.fallback = fallback


def text(cell: str) -> str:
    """Accept any text of at least one character."""
    if not cell:
        raise BadCellError("the cell is blank; fill it in", "")
    return cell


def reference(cell: str) -> str:
    """Accept an id or code that another file explains."""
    if not cell:
        raise BadCellError("the cell is blank; fill it in")
    return cell


def identifier(cell: str) -> str:
    """Accept a lower-case id, usable as a folder and a column name."""
    reference(cell)
    if not _IDENTIFIER.fullmatch(cell):
        raise BadCellError(
            f"'{cell}' is not an id; use lower-case letters, digits, underscores",
            cell,
        )
    return _not_reserved(cell)


def code(cell: str) -> str:
    """Accept a code of an organisation or product; capitals and hyphens are allowed."""
    reference(cell)
    if not _CODE.fullmatch(cell):
        raise BadCellError(
            f"'{cell}' is not a code; use letters, digits, underscores and hyphens", cell
        )
    return _not_reserved(cell)


def one_of(*options: str) -> Cell:
    """Make a parser of one of a fixed list of words."""

    def parse(cell: str) -> str:
        if cell not in options:
            said = f"'{cell}' is not known" if cell else "the cell is blank"
            raise BadCellError(f"{said}; use {' or '.join(options)}")
        return cell

    return parse


def whole(minimum: int, maximum: int | None = None) -> Cell:
    """Make a parser of a whole number within bounds, both included."""

    def parse(cell: str) -> int:
        if not _WHOLE.fullmatch(cell):
            said = f"'{cell}' is not a whole number" if cell else "the cell is blank"
            raise BadCellError(f"{said}; write digits only, such as {minimum}")
        return int(_within(int(cell), minimum, maximum))

    return parse


def number(minimum: float | None = None, maximum: float | None = None) -> Cell:
    """Make a parser of a finite number with a decimal point, within bounds, both included."""

    def parse(cell: str) -> float:
        if not _NUMBER.fullmatch(cell):
            said = f"'{cell}' is not a number" if cell else "the cell is blank"
            raise BadCellError(f"{said}; write digits with a decimal point, such as 7.5")
        return _within(float(cell), minimum, maximum)

    return parse


def flag(cell: str) -> bool:
    """Read true or false, written as dbt reads it too."""
    if cell not in {"true", "false"}:
        said = f"'{cell}' is not a yes or no" if cell else "the cell is blank"
        raise BadCellError(f"{said}; write true or false")
    return cell == "true"


def day(cell: str) -> date:
    """Read a calendar day in ISO form."""
    said = f"'{cell}' is not a day" if cell else "the cell is blank"
    if not _DAY.fullmatch(cell):
        raise BadCellError(f"{said}; write it as yyyy-mm-dd")
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise BadCellError(f"{said} of the calendar; write it as yyyy-mm-dd") from None


def year(cell: str) -> str:
    """Accept a year in four digits, as the period of a wave."""
    reference(cell)
    if not YEAR.fullmatch(cell):
        raise BadCellError(f"'{cell}' is not a year; write it in four digits")
    return cell


def optional(parse: Cell, default: Any = None) -> Cell:  # noqa: ANN401
    """Make the same parser, for which a blank cell means the default."""

    def parse_unless_blank(cell: str) -> Any:  # noqa: ANN401
        return parse(cell) if cell else default

    return parse_unless_blank


def _not_reserved(cell: str) -> str:
    if cell.lower() == RESERVED:
        raise BadCellError(f"'{cell}' is reserved for totals; choose another", cell)
    return cell


def _within(value: float, minimum: float | None, maximum: float | None) -> float:
    if minimum is not None and value < minimum:
        raise BadCellError(f"{value:g} is too low; use {minimum:g} or more", value)
    if maximum is not None and value > maximum:
        raise BadCellError(f"{value:g} is too high; use {maximum:g} or less", value)
    return value
