"""A published table from a text, checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.table_check import Report, check_tables

Check = Callable[..., Report]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def checked(text: str, hierarchy: str | None = None, **options: object) -> Report:
        """Separate the cells of a row by blanks; `_` is a blank within a cell, `.` no text."""
        path = tmp_path / "tables.csv"
        path.write_text(as_csv(text), encoding="utf-8")
        tree = None
        if hierarchy:
            tree = tmp_path / "hierarchy.csv"
            tree.write_text(as_csv(hierarchy), encoding="utf-8")
        return check_tables(path, hierarchies=tree, **options)  # type: ignore[arg-type]

    return checked


def as_csv(text: str) -> str:
    rows = [line.split() for line in text.strip().splitlines()]
    cells = [["" if cell == "." else cell.replace("_", " ") for cell in row] for row in rows]
    return "".join(";".join(row) + "\n" for row in cells)
