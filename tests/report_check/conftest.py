"""A file of printed figures from a text, checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.report_check import Report, check_report

Check = Callable[[str], Report]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def checked(text: str) -> Report:
        """Blank cells at the end of a row may be left out of the text."""
        path = tmp_path / "figures.csv"
        lines = text.splitlines()
        cells = lines[0].count(";")
        whole = [line + ";" * (cells - line.count(";")) for line in lines]
        path.write_text("\n".join(whole) + "\n", encoding="utf-8")
        return check_report(path)

    return checked
