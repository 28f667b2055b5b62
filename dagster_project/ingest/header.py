"""Which column of a file holds which field of its feed.

Belongs here: matching names. Does not belong here: values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dagster_project.codebook import Codebook, Column, fold
from dagster_project.ingest.source import DeliveryRejectedError

LONGEST_NAME = 80


@dataclass(frozen=True)
class Layout:
    """`columns`: name as it stands in the file -> its codebook row; `unknown`: the others."""

    columns: Mapping[str, Column]
    unknown: tuple[str, ...]


def match_header(header: Sequence[str], feed: str, codebook: Codebook) -> Layout:
    """Match names without regard to case and surrounding blanks, aliases included.

    Raises:
        DeliveryRejectedError: a name twice, two names for one field, a required column missing.

    """
    names = [name for name in header if name.strip()]
    twice = _repeated(fold(name) for name in names)
    if twice:
        raise DeliveryRejectedError(f"column {shown(twice[0])} stands in the header more than once")
    known = {fold(column.header): column for column in codebook.columns_of(feed)}
    columns = {name: known[fold(name)] for name in names if fold(name) in known}
    for field in _repeated(column.field for column in columns.values()):
        both = [name.strip() for name, column in columns.items() if column.field == field]
        raise DeliveryRejectedError(f"columns {' and '.join(both)} both hold {field}")
    _require(codebook.columns_of(feed), {column.field for column in columns.values()}, len(names))
    unknown = tuple(shown(name) for name in names if name not in columns)
    return Layout(columns, unknown)


def shown(name: str) -> str:
    """Give a name fit for messages: short, and nothing of what may be an e-mail address.

    A file without a header has a respondent's answers where the names should be.
    """
    return "***" if "@" in name else name.strip()[:LONGEST_NAME]


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _require(columns: Sequence[Column], found: set[str], width: int) -> None:
    missing: dict[str, list[str]] = {}
    for column in columns:
        if column.required and column.field not in found:
            missing.setdefault(column.field, []).append(column.header)
    if not missing:
        return
    named = ", ".join(" or ".join(headers) for headers in missing.values())
    hint = "; the header is one column, so check that ; or , or tab separates" if width == 1 else ""
    plural = "s are" if len(missing) > 1 else " is"
    raise DeliveryRejectedError(f"required column{plural} missing: {named}{hint}")
