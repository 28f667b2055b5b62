"""Each rule between rows, broken: the changes, and all lines that `kto codebook check` prints.

The cases stand in `broken/`, a file per subject. A case is one change or several, a line each, and
indented below them what is printed: nothing where the change breaks no rule. A change is `set
<file> <row> <column> <value>`, `drop <file> <row>` or `add <file> <line>`; rows count from the
header, which is row 1, in the tiny codebook of tiny_codebook.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_codebook import Seeds


def cases(path: Path) -> list[tuple[str, list[str]]]:
    """Read the changes of each case, joined, and the lines that must be printed."""
    found = []
    for block in path.read_text("utf-8").rstrip("\n").split("\n\n"):
        lines = block.split("\n")
        changes = [line for line in lines if not line.startswith(" ")]
        found.append((" + ".join(changes), [line.strip() for line in lines if line[0] == " "]))
    return found


RULES = [
    case
    for path in sorted(Path(__file__).with_name("broken").glob("*.txt"))
    for case in cases(path)
]


@pytest.mark.parametrize(("change", "lines"), RULES, ids=[change for change, _ in RULES])
def test_tells_in_exactly_these_lines_what_is_wrong(tiny: Seeds, change: str, lines: list[str]):
    tiny.apply(change)
    assert [line.removeprefix("seeds/") for line in tiny.problems()] == lines
