"""Rows of accepted deliveries that are in quarantine and that no later delivery mended.

Belongs here: finding and counting them, beside all rows of their organisation and period. Does not
belong here: how many are too many (holds).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.sql_text import only
from dagster_project.ingest.reasons import Reason
from dagster_project.ingest.register import Delivery, read_register
from dagster_project.ingest.scan import Scan
from dagster_project.ingest.standing import (
    files_of,
    open_refusals,
    quarantined_rows,
    standing,
    standing_refusals,
)

if TYPE_CHECKING:
    import duckdb

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

FINAL = dict.fromkeys(("study", "organisation_code", "period"), pl.String)

ACCEPTED = """
create temp table accepted as
with
stored as (
    select feed, delivery, organisation_code, response_id as id, contact_date as day, wave
    from read_parquet($responses, union_by_name = true)
    union all
    select feed, delivery, organisation_code, invitation_id as id, sent_date as day, null as wave
    from read_parquet($invitations, union_by_name = true)
),
placed as (
    select
        deliveries.place,
        deliveries.study,
        stored.organisation_code,
        case
            when deliveries.in_waves then coalesce(stored.wave, cast(year(stored.day) as varchar))
            else concat(year(stored.day), 'Q', quarter(stored.day))
        end as period,
        stored.id,
        hash(stored.feed, stored.organisation_code, stored.id) as key
    from stored
    inner join deliveries using (feed, delivery)
)
select place, organisation_code, period, id, key
from placed
anti join final using (study, organisation_code, period)
"""
"""Rows in the lake, every version of them; `place` is their delivery's in the order of coming."""


BAD = """
create temp table bad as
with dated as (
    select quarantined.*, deliveries.place, deliveries.received_at
    from quarantined
    inner join deliveries using (feed, delivery)
    anti join final using (study, organisation_code, period)
),
written as (
    select distinct place, organisation_code from accepted
),
concerned as (
    select organisation_code from dated
    union
    select written.organisation_code
    from written
    inner join dated using (place)
    where dated.organisation_code is null
),
mended as (
    select distinct dated.place, dated.row
    from (select * from accepted semi join concerned using (organisation_code)) as accepted
    inner join deliveries using (place)
    inner join dated
        on deliveries.feed = dated.feed
        and sha256(accepted.id) = dated.id_fingerprint
        and deliveries.received_at >= dated.received_at
        and accepted.place <> dated.place
    -- a row that names no organisation is of one that its delivery names
    left join written
        on dated.place = written.place
        and accepted.organisation_code = written.organisation_code
    where
        dated.organisation_code = accepted.organisation_code
        or (dated.organisation_code is null and written.organisation_code is not null)
)
select place, row, organisation_code, period
from dated
anti join mended using (place, row)
-- of a row that came again and is bad again, the last one counts
qualify
    id_fingerprint is null
    or place = max(place) over (partition by feed, organisation_code, id_fingerprint)
"""
"""Rows in quarantine that no later delivery mended."""


OVER = """
delete from bad
where
    (organisation_code is null or period is null)
    and place not in (select place from accepted)
    and place not in (
        select place from bad where organisation_code is not null and period is not null
    )
"""
"""Drop rows that do not say whose or when they are, of deliveries of which nothing else is left."""

SHARES = """
with partly_named as (
    select * from bad where organisation_code is null or period is null
),
concerned as (
    select organisation_code from bad
    union
    select organisation_code from accepted semi join partly_named using (place)
),
versions as (
    select max(place) as place, organisation_code, arg_max(period, place) as period
    from accepted
    semi join concerned using (organisation_code)
    group by key, organisation_code
),
named as (
    select place, organisation_code, period, 0 as is_bad from versions
    union all
    select place, organisation_code, period, 1 as is_bad
    from bad
    where organisation_code is not null and period is not null
),
delivered as (
    select place, organisation_code, period, count(*) as n
    from (
        select place, organisation_code, period from accepted semi join partly_named using (place)
        union all
        select place, organisation_code, period from bad
    )
    group by all
),
groups as (
    select place, organisation_code, period, count(*) as bad_rows
    from partly_named
    group by all
),
shares as (
    select place, organisation_code, period, sum(is_bad) as bad_rows, count(*) as all_rows
    from named
    group by all
    union all
    select
        groups.place,
        groups.organisation_code,
        groups.period,
        groups.bad_rows,
        sum(delivered.n) as all_rows
    from groups
    inner join delivered
        on groups.place = delivered.place
        and (
            groups.organisation_code is null
            or groups.organisation_code = delivered.organisation_code
        )
        and (groups.period is null or groups.period = delivered.period)
    group by all
)
select * from shares
inner join deliveries using (place)
order by place, organisation_code, period
"""
"""By delivery, organisation and period: rows that are bad, and all rows in their last version."""


BAD_IN_FULL = """
select quarantined.*
from quarantined
inner join deliveries using (feed, delivery)
semi join bad using (place, row)
"""
"""Those rows as they stand in quarantine."""


def bad_rows(
    lake: Path, codebook: Codebook, scan: Scan, final: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Count the rows of accepted deliveries that are in quarantine, and all rows beside them.

    A row counts in its last version. One that a later delivery mended is not bad (the same id, feed
    and organisation), nor is any of a delivery that was replaced in landing or is gone from it.

    Args:
        lake: of deliveries that were judged.
        codebook: for the timing of studies.
        scan: all feeds of landing, after the deliveries in it were judged.
        final: `study`, `organisation_code` and `period` that are not looked at.

    Returns:
        `study`, `feed`, `delivery`, `file`, `organisation_code`, `period`, `bad_rows`, `all_rows`
        and `rows_read` (of the delivery). Over deliveries and feeds, sums give the share of an
        organisation and period. Where one of the two is null, `bad_rows` do not say it, and
        `all_rows` are those of the delivery that they may be among. Only organisations that have
        bad rows, or are in a delivery with rows that do not say whose they are, have rows.

    """
    register = _accepted(lake, codebook)
    suspect = standing((d for d in register if d.rows_quarantined), scan)
    if not suspect:
        return BAD_ROWS.to_frame()
    import duckdb  # noqa: PLC0415 (slow to load, and who only reads files has no use for it)

    with duckdb.connect() as engine:
        engine.register("final", pl.DataFrame(schema=FINAL) if final is None else final)
        studies = {delivery.study for delivery in suspect}
        beside = [delivery for delivery in register if delivery.study in studies]
        _find_bad(engine, lake, codebook, beside, suspect)
        shares = pl.DataFrame(engine.sql(SHARES).to_arrow_table())
        return shares.select(BAD_ROWS.names()).cast(BAD_ROWS)


def standing_bad_rows(
    lake: Path, codebook: Codebook, scan: Scan, final: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Give the rows in quarantine that are bad themselves and that no later delivery mended.

    Those of refused deliveries that stand are among them. Arguments as for `bad_rows`; with `final`
    periods, what does not say when it is goes with the rest of its delivery.

    Returns:
        `feed`, `file`, `row`, `reasons`, `details` and `masked_row`, by feed, time of coming, file
        and row.

    """
    register = _accepted(lake, codebook)
    suspect = standing((d for d in register if d.rows_quarantined), scan)
    refused = standing_refusals(read_register(lake), scan)
    if final is not None:
        refused = open_refusals(lake, refused, final)
    names = _deliveries([*suspect, *refused], codebook)
    found = pl.DataFrame(quarantined_rows(lake, refused).to_table())
    if suspect:
        import duckdb  # noqa: PLC0415 (see above)

        with duckdb.connect() as engine:
            engine.register("final", pl.DataFrame(schema=FINAL) if final is None else final)
            # only a delivery of the same feed mends a row
            feeds = {delivery.feed for delivery in suspect}
            beside = [delivery for delivery in register if delivery.feed in feeds]
            _find_bad(engine, lake, codebook, beside, suspect)
            if final is not None:
                engine.execute(OVER)
            found = pl.concat([pl.DataFrame(engine.sql(BAD_IN_FULL).to_arrow_table()), found])
    own = ~pl.col("reasons").list.contains(Reason.DELIVERY_REJECTED.value)
    return (
        found.filter(own)
        .join(names, on=["feed", "delivery"])
        .sort("feed", "received_at", "file", "row")
        .select("feed", "file", "row", "reasons", "details", "masked_row")
    )


def _accepted(lake: Path, codebook: Codebook) -> list[Delivery]:
    feeds = {feed.feed for feed in codebook.feeds}
    return [d for d in read_register(lake) if d.state == "accepted" and d.feed in feeds]


def _find_bad(
    engine: duckdb.DuckDBPyConnection,
    lake: Path,
    codebook: Codebook,
    accepted: Collection[Delivery],
    suspect: Iterable[Delivery],
) -> None:
    """Make the tables `accepted` and `bad` of some deliveries, without `final`.

    `suspect` are those among the `accepted` that have rows in quarantine.
    """
    engine.register("deliveries", _deliveries(accepted, codebook))
    engine.register("quarantined", quarantined_rows(lake, suspect))
    files = {
        room: [only(path) for path in files_of(lake, room, accepted)]
        for room in ("responses", "invitations")
    }
    engine.execute(ACCEPTED, files)
    engine.execute(BAD)


def _deliveries(deliveries: Iterable[Delivery], codebook: Codebook) -> pl.DataFrame:
    waves = {study.study for study in codebook.studies if study.timing == "wave"}
    return pl.DataFrame(
        [
            (place, d.study, d.feed, d.sha256, d.file, d.received, d.rows_read, d.study in waves)
            for place, d in enumerate(sorted(deliveries, key=lambda d: (d.received, d.sha256)))
        ],
        schema={
            "place": pl.Int32,
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
