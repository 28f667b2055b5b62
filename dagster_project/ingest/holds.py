"""What is wrong with data that came, and still is: a period that has it is not published.

Belongs here: refused deliveries that stand, and shares of bad rows that are too large. Does not
belong here: which periods are due, and what becomes of those that are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.dataset as ds

from dagster_project.codebook import Codebook
from dagster_project.ingest.lake import QUARANTINE, lake_file
from dagster_project.ingest.register import Delivery, read_register
from dagster_project.ingest.scan import Scan

BAD_ROWS = pl.Schema(
    {
        "study": pl.String,
        "feed": pl.String,
        "delivery": pl.String,
        "file": pl.String,
        "organisation_code": pl.String,
        "period": pl.String,
        "bad_rows": pl.Int64,
        "all_rows": pl.Int64,
        "rows_read": pl.Int64,
    }
)
WHOLE = ["study", "organisation_code", "period"]
IN_FILE = ["study", "feed", "delivery", "file"]

ACCEPTED = """
create temp table accepted as
with stored as (
    select feed, delivery, organisation_code, response_id as id, contact_date as day, wave
    from read_parquet($responses, union_by_name = true)
    union all
    select feed, delivery, organisation_code, invitation_id as id, sent_date as day, null as wave
    from read_parquet($invitations, union_by_name = true)
)
select
    deliveries.study,
    stored.feed,
    stored.delivery,
    deliveries.received_at,
    stored.organisation_code,
    case
        when deliveries.in_waves then coalesce(stored.wave, cast(year(stored.day) as varchar))
        else concat(year(stored.day), 'Q', quarter(stored.day))
    end as period,
    stored.id
from stored
inner join deliveries using (feed, delivery)
"""
"""Rows in the lake, every version of them."""

BAD = """
create temp table bad as
with written as (
    select distinct feed, delivery, organisation_code from accepted
),
dated as (
    select quarantined.*, deliveries.study, deliveries.received_at
    from quarantined
    inner join deliveries using (feed, delivery)
),
mended as (
    select distinct dated.feed, dated.delivery, dated.row
    from dated
    inner join accepted
        on dated.feed = accepted.feed
        and dated.id_fingerprint = sha256(accepted.id)
        and dated.delivery <> accepted.delivery
        and dated.received_at <= accepted.received_at
    -- a row that names no organisation is of one that its delivery names
    left join written
        on dated.feed = written.feed
        and dated.delivery = written.delivery
        and accepted.organisation_code = written.organisation_code
    where
        dated.organisation_code = accepted.organisation_code
        or (dated.organisation_code is null and written.organisation_code is not null)
)
select *
from dated
anti join mended using (feed, delivery, row)
-- of a row that came again and is bad again, the last one counts
qualify
    id_fingerprint is null
    or rank() over (
        partition by feed, organisation_code, id_fingerprint
        order by received_at desc, delivery desc
    ) = 1
"""
"""Rows in quarantine that no later delivery mended."""

SHARES = """
with partly_named as (
    select * from bad where organisation_code is null or period is null
),
concerned as (
    select study, organisation_code from bad
    union
    select study, organisation_code from accepted semi join partly_named using (feed, delivery)
),
versions as (
    select *
    from accepted
    semi join concerned using (study, organisation_code)
    qualify
        rank() over (
            partition by feed, organisation_code, id order by received_at desc, delivery desc
        ) = 1
),
named as (
    select study, feed, delivery, organisation_code, period, 0 as is_bad from versions
    union all
    select study, feed, delivery, organisation_code, period, 1 as is_bad
    from bad
    anti join partly_named using (feed, delivery, row)
),
cells as (
    select feed, delivery, organisation_code, period, count(*) as n
    from (
        select feed, delivery, organisation_code, period from accepted
        union all
        select feed, delivery, organisation_code, period from bad
    )
    group by all
),
named_shares as (
    select
        study,
        feed,
        delivery,
        organisation_code,
        period,
        sum(is_bad) as bad_rows,
        count(*) as all_rows
    from named
    group by all
),
groups as (
    select study, feed, delivery, organisation_code, period, count(*) as bad_rows
    from partly_named
    group by all
),
partly_named_shares as (
    select
        groups.study,
        groups.feed,
        groups.delivery,
        groups.organisation_code,
        groups.period,
        groups.bad_rows,
        sum(cells.n) as all_rows
    from groups
    inner join cells
        on groups.feed = cells.feed
        and groups.delivery = cells.delivery
        and (groups.organisation_code is null or groups.organisation_code = cells.organisation_code)
        and (groups.period is null or groups.period = cells.period)
    group by all
),
shares as (
    select * from named_shares
    union all
    select * from partly_named_shares
)
select shares.*, deliveries.file, deliveries.rows_read
from shares
inner join deliveries using (feed, delivery)
order by shares.study, file, shares.organisation_code, shares.period
"""
"""By delivery, organisation and period: rows that are bad, and all rows in their last version."""


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


def standing_refusals(register: Iterable[Delivery], scan: Scan) -> tuple[Delivery, ...]:
    """Pick the refused deliveries that are still in landing and that nothing has replaced.

    `scan` is of all feeds, after the refusals.
    """
    return _standing((d for d in register if d.state == "rejected"), scan)


def named_by(lake: Path, deliveries: Iterable[Delivery]) -> pl.DataFrame:
    """Say of which organisations and periods the rows of these deliveries in quarantine are.

    Returns:
        `feed`, `delivery`, `organisation_code`, `period` (null where rows do not say) and `rows`;
        nothing of a delivery that could not be read.

    """
    rows = pl.DataFrame(_quarantined(lake, deliveries).to_table())
    by = ["feed", "delivery", "organisation_code", "period"]
    return rows.group_by(by).agg(rows=pl.len().cast(pl.Int64)).sort(by)


def bad_rows(lake: Path, codebook: Codebook, scan: Scan) -> pl.DataFrame:
    """Count the rows of accepted deliveries that are in quarantine, and all rows beside them.

    A row counts in its last version. One that a later delivery mended is not bad (the same id, feed
    and organisation), nor is any of a delivery that was replaced in landing or is gone from it.

    Returns:
        `study`, `feed`, `delivery`, `file`, `organisation_code`, `period`, `bad_rows`, `all_rows`
        and `rows_read` (of the delivery). Over deliveries and feeds, sums give the share of an
        organisation and period. Where one of the two is null, `bad_rows` do not say it, and
        `all_rows` are those of the delivery that they may be among. Only organisations that have
        bad rows, or are in a delivery with rows that do not say whose they are, have rows.

    """
    register = [
        delivery
        for delivery in read_register(lake)
        if delivery.state == "accepted" and delivery.feed in {f.feed for f in codebook.feeds}
    ]
    suspect = _standing((d for d in register if d.rows_quarantined), scan)
    studies = {delivery.study for delivery in suspect}
    if not studies:
        return BAD_ROWS.to_frame()
    accepted = [delivery for delivery in register if delivery.study in studies]
    with duckdb.connect() as engine:
        engine.register("deliveries", _deliveries(accepted, codebook))
        engine.register("quarantined", _quarantined(lake, suspect))
        files = {room: _files(lake, room, accepted) for room in ("responses", "invitations")}
        engine.execute(ACCEPTED, files)
        engine.execute(BAD)
        shares = pl.DataFrame(engine.execute(SHARES).to_arrow_table())
        return shares.select(BAD_ROWS.names()).cast(BAD_ROWS)


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


def _standing(deliveries: Iterable[Delivery], scan: Scan) -> tuple[Delivery, ...]:
    """Pick the deliveries whose bytes are in landing and whose path no other delivery has."""
    landed = {(file.feed, file.sha256) for file in scan.deliveries}
    at = {file.file: file.sha256 for file in scan.deliveries}
    return tuple(
        delivery
        for delivery in deliveries
        if (delivery.feed, delivery.sha256) in landed
        and at.get(delivery.file, delivery.sha256) == delivery.sha256
    )


def _deliveries(deliveries: Sequence[Delivery], codebook: Codebook) -> pl.DataFrame:
    waves = {study.study for study in codebook.studies if study.timing == "wave"}
    return pl.DataFrame(
        [
            (d.study, d.feed, d.sha256, d.file, d.received, d.rows_read, d.study in waves)
            for d in deliveries
        ],
        schema={
            "study": pl.String,
            "feed": pl.String,
            "delivery": pl.String,
            "file": pl.String,
            "received_at": pl.Datetime("us", "UTC"),
            "rows_read": pl.Int64,
            "in_waves": pl.Boolean,
        },
        orient="row",
    )


def _quarantined(lake: Path, deliveries: Iterable[Delivery]) -> ds.Dataset:
    """Rows of `QUARANTINE`; columns that an earlier version did not write are null."""
    files = _files(lake, "quarantine", deliveries)
    return ds.dataset(files, schema=QUARANTINE) if files else ds.dataset(QUARANTINE.empty_table())


def _files(lake: Path, room: str, deliveries: Iterable[Delivery]) -> list[str]:
    """Paths of these deliveries in a room; where there is one, the empty file of that room too."""
    anchor = lake / room / "_none" / "empty.parquet"
    found = [lake_file(lake, room, delivery.feed, delivery.sha256) for delivery in deliveries]
    return [str(path) for path in (anchor, *found) if path.is_file()]
