"""The few kinds of expectation that a release is judged by, with their arguments.

Belongs here: how an expectation is written down. Does not belong here: which there are.
"""

from __future__ import annotations

from typing import Any

NEARLY = 1e-9
"""How far a figure may lie off its scale, as doubles are rounded."""

Described = tuple[str, str, dict[str, Any]]
"""A sentence, the name of an expectation class, and its arguments.

Among the arguments `where` is (column, comparison, value) triples that must all hold for a row to
be looked at.
"""


def between(column: str, least: float, most: float | None) -> tuple[str, dict[str, Any]]:
    """Expect a column within bounds, both included; None is open."""
    return "ExpectColumnValuesToBeBetween", {
        "column": column,
        "min_value": least,
        "max_value": most,
    }


def in_set(column: str, allowed: list[Any]) -> tuple[str, dict[str, Any]]:
    """Expect a column to hold one of these."""
    return "ExpectColumnValuesToBeInSet", {"column": column, "value_set": allowed}


def equal(one: str, other: str) -> tuple[str, dict[str, Any]]:
    """Expect two columns to be the same, row by row."""
    return "ExpectColumnPairValuesToBeEqual", {
        "column_A": one,
        "column_B": other,
        "ignore_row_if": "neither",
    }


def not_below(greater: str, lesser: str) -> tuple[str, dict[str, Any]]:
    """Expect one column to be no less than another, where both are known."""
    return "ExpectColumnPairValuesAToBeGreaterThanB", {
        "column_A": greater,
        "column_B": lesser,
        "or_equal": True,
        "ignore_row_if": "either_value_is_missing",
    }


def where(**equal: str) -> dict[str, Any]:
    """Look only at rows in which these columns have these values."""
    return {"where": tuple((column, "==", value) for column, value in equal.items())}
