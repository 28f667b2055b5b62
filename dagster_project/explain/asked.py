"""The figure that the user asks for, found in a release, or what there is near it.

Belongs here: from words on a command line to one row. Does not belong here: explaining it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import polars as pl

from dagster_project.common.errors import UserError
from dagster_project.disclosure.attack.layout import TOTAL

MOST = 8
"""Values that a suggestion lists."""
PARTS = {
    "organisation_code": "organisation",
    "metric": "metric",
    "study": "study",
    "period": "period",
    "channel": "channel",
    "product_code": "product",
    "segment": "segment",
    "segment_value": "segment value",
}
"""The columns that name a figure, in the order in which they are looked for, and what they are."""


class NoFigureError(UserError):
    """The release has no such figure; says what there is near it."""


@dataclass(frozen=True)
class Asked:
    """The key of a figure as the user typed it; `study` is None where it is to be found."""

    organisation_code: str
    period: str
    metric: str
    study: str | None = None
    channel: str = TOTAL
    product_code: str = TOTAL
    segment: str = TOTAL
    segment_value: str = TOTAL


def find(kpi: pl.DataFrame, asked: Asked) -> dict[str, Any]:
    """Return the row of `mart_kpi` that is asked for, published or suppressed.

    Capitals do not matter.

    Raises:
        NoFigureError: there is none, or in several studies.

    """
    rows: pl.DataFrame = kpi
    found: list[str] = []
    for column, name in PARTS.items():
        wanted = getattr(asked, column)
        if wanted is None:
            studies = sorted(rows[column].unique())
            if len(studies) > 1:
                raise NoFigureError(
                    f"{' '.join(found)} is in the studies {' and '.join(studies)}; name one with "
                    "--study"
                )
            continue
        here = rows.filter(pl.col(column).str.to_lowercase() == wanted.lower())
        if here.is_empty():
            raise NoFigureError(_near(rows, column, name, wanted, found))
        rows = here
        found.append(wanted)
    return rows.row(0, named=True)


def _near(rows: pl.DataFrame, column: str, name: str, wanted: str, found: Sequence[str]) -> str:
    """Say what there is in the place of a value that is not there."""
    there = rows[column].unique().to_list()
    of = f"of {' '.join(found)} " if found else ""
    said = f"nothing {of}is published for {name} {wanted}"
    close = get_close_matches(wanted.lower(), [str(one).lower() for one in there], MOST, 0.6)
    guessed = [one for one in there if str(one).lower() in close]
    if guessed and len(there) > MOST:
        return f"{said}; did you mean {' or '.join(sorted(guessed))}? There are {len(there)} in all"
    return f"{said}; there is {_listed(there) or 'nothing'}"


def _listed(values: Iterable[str]) -> str:
    ordered = sorted(values)
    more = len(ordered) - MOST
    return ", ".join(ordered[:MOST]) + (f" and {more} more" if more > 0 else "")
