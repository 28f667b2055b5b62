"""What a user asks of a run besides the ordinary: publish as is, revise, or do not publish.

Belongs here: the order and whom it concerns. Does not belong here: carrying it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

PeriodKey = tuple[str, str, str]
"""Study, organisation and period."""


@dataclass(frozen=True)
class Selection:
    """Periods by name; None and no periods stand for every one."""

    study: str | None = None
    organisation: str | None = None
    periods: tuple[str, ...] = ()

    def covers(self) -> pl.Expr:
        """Say of rows with study, organisation_code and period whether they are meant."""
        chosen = pl.lit(value=True)
        if self.study is not None:
            chosen &= pl.col("study") == self.study
        if self.organisation is not None:
            chosen &= pl.col("organisation_code") == self.organisation
        if self.periods:
            chosen &= pl.col("period").is_in(list(self.periods))
        return chosen


@dataclass(frozen=True)
class Order:
    """What a run is asked to do.

    `publish`: False stops before publishing. `as_is`: held periods that the user publishes.
    `revise`: published quarters or waves of which a new vintage is made; then nothing else is
    published. `reason` is why, for both.
    """

    publish: bool = True
    as_is: Selection | None = None
    revise: tuple[PeriodKey, ...] = ()
    reason: str | None = None

    @property
    def revised(self) -> pl.DataFrame:
        """The periods to revise: study, organisation_code, period."""
        return keys_frame(self.revise)


def keys_frame(keys: Iterable[PeriodKey]) -> pl.DataFrame:
    """Lay out names of periods as a table."""
    columns = dict.fromkeys(("study", "organisation_code", "period"), pl.String)
    return pl.DataFrame(list(keys), schema=columns, orient="row")
