"""Paths and texts as SQL has them: the folder of an installation may have any name.

Belongs here: quoting. Does not belong here: queries.
"""

from __future__ import annotations

import re
from pathlib import Path

WILD = re.compile(r"[*?\[]")
"""What DuckDB takes for a pattern in the name of a file to read."""


def literal(text: str | Path) -> str:
    """Quote a text as an SQL string; paths cannot be bound as parameters in ATTACH and COPY."""
    return "'" + str(text).replace("'", "''") + "'"


def only(path: str | Path) -> str:
    """Write a path as a pattern that no other path fits, as a parameter of `read_parquet`."""
    return WILD.sub(r"[\g<0>]", str(path))


def read_from(path: str | Path) -> str:
    """Write a path as an SQL string for a function that reads files by a pattern."""
    return literal(only(path))
