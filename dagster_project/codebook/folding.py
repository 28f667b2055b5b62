"""How texts from outside are compared, and rows are grouped: two helpers for this package.

Belongs here: nothing that knows a file or a rule.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

SEPARATOR = "|"
"""Between the answers of one cell to a question that takes several."""
ANY_ANSWER = "*"
"""As a value of `inclusions.csv`: whatever is an answer, neither blank nor a text for none."""
MARK = "\ufeff"
"""A byte order mark, which may stand before the first header."""
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def fold(text: str) -> str:
    """Give the form in which raw answers and headers are compared: trimmed, lower case, composed.

    An accent may come as a character of its own (NFD).
    """
    return unicodedata.normalize("NFC", text).replace(MARK, "").strip().lower()


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, tuple[T, ...]]:
    """Collect rows by key, each group in the order given."""
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {found: tuple(members) for found, members in groups.items()}
