"""What is wrong with data that came, and still is: a period that has it is not published.

Belongs here: shares of bad rows that are too large. Does not belong here: which rows are bad
(unmended), which refused deliveries stand (standing), which periods are due, and what becomes of
those that are held.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dagster_project.codebook import Codebook

WHOLE = ["study", "organisation_code", "period"]

IN_FILE = ["study", "feed", "delivery", "file"]


@dataclass(frozen=True)
class BadShare:
    """An organisation and period of which too many rows are in quarantine.

    Either rows that name them (`named`), of all rows of that organisation and period, or rows of
    one delivery that do not say whose or when they are, of all rows that they may be among. `file`
    is where most of them are, `limit_pct` the share that was allowed, in percent.
    """

    study: str
    organisation_code: str
    period: str
    bad_rows: int
    all_rows: int
    limit_pct: float
    file: str
    named: bool

    @property
    def why(self) -> str:
        """One line that says what is wrong and what to do."""
        share = f"{self.bad_rows} of {self.all_rows} rows"
        if self.named:
            what = f"{share} are in quarantine, more than {self.limit_pct:g} %, most in {self.file}"
        else:
            what = (
                f"{share} of {self.file} do not say of which known organisation or of when they "
                f"are, more than {self.limit_pct:g} %"
            )
        return f"{what}; mend that file and deliver it again under its name"


def too_many_bad_rows(table: pl.DataFrame, codebook: Codebook) -> tuple[BadShare, ...]:
    """Find the periods of which a larger share is bad than their study allows.

    Rows that do not say whose or when they are hold every organisation and period of their delivery
    that they may be of, if they are too many of those rows, or of the whole delivery.

    Args:
        table: what `bad_rows` gives.
        codebook: for `hold_bad_rows_pct`.

    Returns:
        One per study, organisation and period, in that order.

    """
    limits = {study.study: study.hold_bad_rows_pct for study in codebook.studies}
    limit = pl.col("study").replace_strict(limits, default=None, return_dtype=pl.Float64)
    limited = table.with_columns(limit_pct=limit)
    is_named = pl.col("organisation_code").is_not_null() & pl.col("period").is_not_null()
    named, partly = limited.filter(is_named), limited.filter(~is_named)
    found = pl.concat([_of_rows_that_say(named), _of_rows_that_do_not(named, partly)])
    first = found.unique(WHOLE, keep="first", maintain_order=True).sort(WHOLE)
    return tuple(BadShare(**row) for row in first.to_dicts())


def _of_rows_that_say(named: pl.DataFrame) -> pl.DataFrame:
    """Compare the bad rows of each organisation and period with all of them."""
    shares = (
        named.sort("bad_rows", descending=True, maintain_order=True)
        .group_by(WHOLE, maintain_order=True)
        .agg(
            pl.col("bad_rows").sum(),
            pl.col("all_rows").sum(),
            pl.col("limit_pct").first(),
            pl.col("file").first(),
        )
    )
    return shares.filter(_too_many()).with_columns(named=pl.lit(value=True))


def _of_rows_that_do_not(named: pl.DataFrame, partly: pl.DataFrame) -> pl.DataFrame:
    """Compare rows that do not say whose or when they are with those they may be among."""
    whole = partly.group_by([*IN_FILE, "limit_pct"], maintain_order=True).agg(
        pl.lit(None, dtype=pl.String).alias("organisation_code"),
        pl.lit(None, dtype=pl.String).alias("period"),
        pl.col("bad_rows").sum(),
        pl.col("rows_read").first().alias("all_rows"),
    )
    columns = [*IN_FILE, "organisation_code", "period", "bad_rows", "all_rows", "limit_pct"]
    too_many = pl.concat([whole.select(columns), partly.select(columns)]).filter(_too_many())
    maybe = too_many.rename({"organisation_code": "of", "period": "when"})
    return (
        maybe.join(named.select([*IN_FILE, *WHOLE[1:]]), on=IN_FILE, maintain_order="left_right")
        .filter(
            (pl.col("of").is_null() | (pl.col("of") == pl.col("organisation_code")))
            & (pl.col("when").is_null() | (pl.col("when") == pl.col("period")))
        )
        .select([*WHOLE, "bad_rows", "all_rows", "limit_pct", "file"])
        .with_columns(named=pl.lit(value=False))
    )


def _too_many() -> pl.Expr:
    return pl.col("bad_rows") * 100 > pl.col("limit_pct") * pl.col("all_rows")
