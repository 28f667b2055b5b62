"""Quotation marks are followed the same way whatever the size of the blocks."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dagster_project.ingest.quotes import QuoteCheck


def check(content: bytes, size: int) -> QuoteCheck:
    found = QuoteCheck(ord(";"))
    for start in range(0, len(content), size):
        found.feed(content[start : start + size])
    found.finish()
    return found


@pytest.mark.parametrize(
    ("content", "broken", "inside", "lines"),
    [
        (b'a;"b"\n', False, False, None),
        (b'a;"b""c"\n', False, False, None),
        (b'a;"b\nc";d\n', False, False, None),
        (b'a;5" pijp\n', False, False, None),
        (b'a;de "snelle" balie\n', False, False, None),
        (b'a;"b" c\n', False, False, None),
        (b'a;"b', False, True, 0),
        (b'a;"b\n', False, True, 1),
        (b'a;"b\nc;d\n', False, True, 2),
        (b'a;"b\nc;"d"\n', True, False, None),
        (b'a;"b"', False, False, None),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_finds_marks_that_are_not_closed(
    content: bytes, broken: bool, inside: bool, lines: int | None, size: int
):
    found = check(content, size)

    assert (found.broken, found.inside) == (broken, inside)
    assert lines is None or found.lines == lines


TEXT = st.text(alphabet='ab;"\n ', max_size=8)


@given(rows=st.lists(st.lists(TEXT, min_size=1, max_size=3)), size=st.integers(1, 20))
def test_well_made_files_are_never_refused(rows: list[list[str]], size: int):
    content = io.StringIO()
    csv.writer(content, delimiter=";").writerows(rows)

    found = check(content.getvalue().encode(), size)

    assert (found.broken, found.inside) == (False, False)


@example(content='a"";', size=2)
@given(content=st.text(alphabet='a;"\n', max_size=40), size=st.integers(1, 10))
def test_blocks_of_any_size_give_the_same(content: str, size: int):
    whole, pieces = check(content.encode(), 1000), check(content.encode(), size)

    assert whole.broken == pieces.broken
    assert whole.broken or (whole.inside, whole.lines * whole.inside) == (
        pieces.inside,
        pieces.lines * pieces.inside,
    )
