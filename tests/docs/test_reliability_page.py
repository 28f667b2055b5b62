"""Every test that docs/reliability.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
LINKS = re.findall(r"\[([^\]]+)\]\(\.\./((?:tests|dbt_project)/[^)#]+)#([^)]+)\)", PAGE)
LINES = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]


def test_every_line_is_shown_by_a_test():
    shown = [line for line in LINES if "](../" in line]
    assert len(shown) == len(LINES) - 2  # the two headings
    assert len(shown) >= 43 + 13


@pytest.mark.parametrize(("label", "file", "name"), LINKS, ids=[label for label, _, _ in LINKS])
def test_the_test_is_there(label: str, file: str, name: str):
    text = (PROJECT / file).read_text(encoding="utf-8")
    if name.startswith("test_"):
        assert f"def {name}(" in text
    elif file.endswith(".yml"):
        assert f"  - name: {name}\n" in text
    else:
        assert re.search(rf"^{name}\b", text, re.MULTILINE)
        assert f'"{label}": (' in text
