"""What is known of people in a home, laid out as tables of a query engine.

Belongs here: the lake, and what is kept of published periods. Does not belong here: whose rows are
meant (people).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import polars as pl

from dagster_project.codebook import Codebook, fold
from dagster_project.common.settings import Settings
from dagster_project.common.sql_text import literal, only
from dagster_project.ingest.lake import QUARANTINE as QUARANTINE_ROWS
from dagster_project.ingest.lake import RESTRICTED, ensure_lake
from dagster_project.ingest.register import read_register
from dagster_project.release.vintages import Index

RESPONSE_ROWS, INVITATION_ROWS = "int_response_rows", "int_invitation_rows"
CONTRIBUTIONS = "int_contributions"
CLEARED = "{}"
"""What stands in the place of a masked row that was forgotten; its details are its reasons then."""

KEPT_ROWS = """
insert into {name} by name
select {columns}, cast(
    case when kept.period like '%Q%' then kept.period_start + interval 3 month
    else kept.period_start + interval 1 year end - interval 1 day as date
) as day
from read_parquet($files) as kept
anti join {lake} as lake
    on kept.feed = lake.feed and kept.delivery = lake.delivery and kept.source_row = lake.row
"""
"""Rows of published periods that are no longer in the lake, as old as their period."""

LAKE = """
create temp view lake_answers as
select
    study, feed, delivery, row, organisation_code, response_id, invitation_id, wave,
    coalesce(contact_date, make_date(try_cast(wave as integer), 12, 31)) as day
from read_parquet({responses}, union_by_name = true);
create temp view lake_sent as
select
    study, feed, delivery, row, organisation_code, invitation_id, email_pseudonym, sent_date as day
from read_parquet({invitations}, union_by_name = true);
"""

QUARANTINE = """
create temp table bad as
select
    quarantine.feed, quarantine.delivery, quarantine.row, quarantine.masked_row,
    quarantine.organisation_code, quarantine.id_fingerprint,
    masked_row = '{cleared}' and reasons = details as is_cleared,
    coalesce(
        event_date,
        case
            when period like '%Q%' then last_day(
                make_date(cast(period[:4] as integer), 3 * cast(period[6:] as integer), 1)
            )
            else make_date(try_cast(period as integer), 12, 31)
        end,
        deliveries.received_on
    ) as day
from {source} as quarantine
inner join deliveries
    on quarantine.feed = deliveries.feed and quarantine.delivery = deliveries.delivery
"""
"""Rows that do not say when they are of are as old as their delivery."""

TEXTS = """
create temp table texts as
select feed, delivery, organisation_code, response_id from {source}
"""


def find_pseudonyms(settings: Settings) -> pl.DataFrame:
    """Count pseudonyms by `feed` and `delivery`, as `rows`; those without any are left out."""
    with duckdb.connect() as engine:
        _open_lake(engine, settings)
        counted = engine.sql(
            "select feed, delivery, count(email_pseudonym) as rows from lake_sent "
            "group by all having count(email_pseudonym) > 0 order by all"
        )
        return pl.DataFrame(counted.to_arrow_table())


def open_known(
    engine: duckdb.DuckDBPyConnection, settings: Settings, codebook: Codebook, index: Index
) -> None:
    """Make tables of what is known: `answers` and `sent` (also what is kept), `bad`, `texts`."""
    _open_lake(engine, settings)
    for name, model, columns, more in (
        (
            "answers",
            RESPONSE_ROWS,
            "study, feed, organisation_code, response_id, invitation_id",
            "",
        ),
        ("sent", INVITATION_ROWS, "study, feed, invitation_id", ", email_pseudonym"),
    ):
        stored = (settings.vintages / one / f"{model}.parquet" for one in index.vintages)
        kept = [only(path) for path in stored if path.is_file()]
        engine.execute(
            f"create temp table {name} as select {columns}{more}, day from lake_{name} limit 0"
        )
        if kept:
            sql = KEPT_ROWS.format(name=name, columns=columns, lake=f"lake_{name}")
            engine.execute(sql, {"files": kept})
        engine.execute(f"insert into {name} select {columns}{more}, day from lake_{name}")
    register = read_register(settings.lake)
    engine.register(
        "deliveries",
        pl.DataFrame(
            [(one.feed, one.sha256, one.received.date()) for one in register],
            schema={"feed": pl.String, "delivery": pl.String, "received_on": pl.Date},
            orient="row",
        ),
    )
    feeds = [(feed.study, feed.feed, feed.kind) for feed in codebook.feeds]
    engine.register("feeds", _texts(("study", "feed", "kind"), feeds))
    headers = [
        (feed.study, feed.feed, fold(column.header))
        for feed in codebook.feeds
        for column in codebook.columns_of(feed.feed)
        if column.field == "invitation_id"
    ]
    engine.register("id_headers", _texts(("study", "feed", "header"), headers))
    studies = [(study.study, study.timing) for study in codebook.studies]
    engine.register("studies", _texts(("study", "timing"), studies))
    published = index.newest.select("study", "organisation_code", "period")
    engine.register("published", published)
    engine.register("no_quarantine", QUARANTINE_ROWS.empty_table())
    engine.register("no_restricted", RESTRICTED.empty_table())
    for room, sql in (("quarantine", QUARANTINE), ("restricted", TEXTS)):
        # columns that an earlier version did not write are null
        files = sorted(only(path) for path in (settings.lake / room).glob("*/*.parquet"))
        more = " union all by name from read_parquet($files, union_by_name = true)" if files else ""
        source = f"(from no_{room}{more})"
        given = {"files": files} if files else {}
        engine.execute(sql.format(source=source, cleared=CLEARED), given)


def _open_lake(engine: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the views `lake_answers` and `lake_sent`."""
    ensure_lake(settings.lake)
    lake = literal(only(settings.lake))[1:-1]
    rooms = {room: f"'{lake}/{room}/*/*.parquet'" for room in ("responses", "invitations")}
    engine.execute(LAKE.format(**rooms))


def _texts(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
