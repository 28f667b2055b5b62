"""Which column of a file holds which field of its feed.

Belongs here: matching names. Does not belong here: values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from dagster_project.codebook import Codebook, Column, fold
from dagster_project.ingest.masking import open_name
from dagster_project.ingest.source import DeliveryRejectedError

LONGEST_NAME = 80
ALIKE = 0.7
"""From here on two names may be one misspelt, as difflib counts likeness from 0 to 1."""


@dataclass(frozen=True)
class Layout:
    """`columns`: name as it stands in the file -> its codebook row; `unknown`: the others.

    `included`: names of columns that tell which rows count -> the folded texts by which they do.
    """

    columns: Mapping[str, Column]
    unknown: tuple[str, ...]
    included: Mapping[str, frozenset[str]] = field(default_factory=dict)


def required_headers(columns: Sequence[Column]) -> tuple[frozenset[str], ...]:
    """Give for each field that is required the folded names that its column may have."""
    required = dict.fromkeys(column.field for column in columns if column.required)
    return tuple(
        frozenset(fold(column.header) for column in columns if column.field == field)
        for field in required
    )


def match_header(header: Sequence[str], feed: str, codebook: Codebook, advice: str = "") -> Layout:
    """Match names without regard to case and surrounding blanks, aliases included.

    `advice` is what the format of the file may have to do with it where no column is known.

    Raises:
        DeliveryRejectedError: a name twice, two names for one field, a required column missing.

    """
    names = [name for name in header if name.strip()]
    twice = _repeated(fold(name) for name in names)
    if twice:
        raise DeliveryRejectedError(f"column {shown(twice[0])} stands in the header more than once")
    known = {fold(column.header): column for column in codebook.columns_of(feed)}
    columns = {name: known[fold(name)] for name in names if fold(name) in known}
    for held in _repeated(c.field for c in columns.values() if c.answer is None):
        both = [name.strip() for name, column in columns.items() if column.field == held]
        raise DeliveryRejectedError(f"columns {' and '.join(both)} both hold {held}")
    wanted = codebook.inclusions_of(feed)
    included = {name: wanted[fold(name)] for name in names if fold(name) in wanted}
    whole = {c.field for c in columns.values() if c.answer is None}
    for name, column in columns.items():
        if column.answer is not None and column.field in whole:
            raise DeliveryRejectedError(
                f"column {shown(name)} holds one answer to {column.field}, which another column "
                "of the file holds whole"
            )
    unknown = tuple(shown(name) for name in names if name not in {*columns, *included})
    missing = _missing(codebook.columns_of(feed), {column.field for column in columns.values()})
    if missing:
        raise DeliveryRejectedError(_wanting(missing, unknown) + (advice if not columns else ""))
    lacking = wanted.keys() - {fold(name) for name in included}
    if lacking:
        raise DeliveryRejectedError(
            f"column {min(lacking)} is missing, which tells which rows count (inclusions.csv)"
        )
    return Layout(columns, unknown, included)


def shown(name: str) -> str:
    """Give a name fit for messages: short, and the shape of what may be a person's."""
    return open_name(name, LONGEST_NAME)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _missing(columns: Sequence[Column], found: set[str]) -> list[list[str]]:
    """Return the headers of every required field that is not there."""
    missing: dict[str, list[str]] = {}
    for column in columns:
        if column.required and column.field not in found:
            missing.setdefault(column.field, []).append(column.header)
    return list(missing.values())


def _wanting(missing: Sequence[Sequence[str]], unknown: Sequence[str]) -> str:
    """Say which columns are missing, and which of the unknown ones may have been meant."""
    named = ", ".join(" or ".join(headers) for headers in missing)
    said = f"required column{'s are' if len(missing) > 1 else ' is'} missing: {named}"
    near = [
        f"{close[0]} for {headers[0]}"
        for headers in missing
        if (close := get_close_matches(headers[0], unknown, n=1, cutoff=ALIKE))
    ]
    return said + (f"; is {' and '.join(near)}? Rename it" if near else "")
