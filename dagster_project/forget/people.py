"""Whose rows are meant, and what stands in the place of their ids from then on.

Belongs here: choosing people among all that is known, and their new ids. Does not belong here: what
is known (known), rewriting files.

A response is all rows of one feed, organisation and response id, an invitation all rows of one
study and invitation id, over all deliveries: they supersede each other by these ids. So each is as
old as its youngest row, and its id is replaced in every row by the same new one. The new ones are
numbers in an order drawn by lot; only answers to one invitation keep their order, as the models let
the smaller id count where all else is equal. The lot is thrown away, so nothing leads back.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from dagster_project.codebook import Codebook, roles
from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.forget.known import open_known
from dagster_project.release.vintages import Index

REPLACED = r"forgotten-[0-9a-f]{16}-\d{8,}"
"""What stands in the place of an id that was forgotten."""

OF_BEFORE = """
create temp table responses as
select study, feed, organisation_code, response_id
from answers
where not regexp_full_match(response_id, $replaced)
group by all
having max(day) < $before;
create temp table invitations as
select study, invitation_id
from (
    select study, invitation_id from sent group by all having max(day) < $before
    union
    select study, invitation_id
    from answers
    semi join responses using (study, feed, organisation_code, response_id)
)
where not regexp_full_match(invitation_id, $replaced);
"""
"""An invitation goes as well once an answer to it does: it would lead to the answer."""

OF_ADDRESS = """
create temp table invitations as
select distinct study, invitation_id from sent where email_pseudonym = $pseudonym
"""
OF_INVITATION_ID = """
create temp table invitations as
select distinct study, invitation_id from sent where feed = $feed and invitation_id = $id
"""
OF_RESPONSE_ID = """
create temp table invitations as
select distinct study, invitation_id
from answers
where
    feed = $feed and response_id = $id and invitation_id is not null
    and organisation_code = coalesce($organisation, organisation_code)
"""
ANSWERS_TO_THEM = """
create temp table responses as
select distinct study, feed, organisation_code, response_id
from answers
where
    (study, invitation_id) in (select (study, invitation_id) from invitations)
    or (
        feed = $feed and response_id = $id
        and organisation_code = coalesce($organisation, organisation_code)
    )
"""

NEW_IDS = """
create temp table response_ids as
with numbered as (
    select feed, response_id, row_number() over (
        order by
            sha256(concat($lot, '|', coalesce(min(invitation_id), concat(feed, '|', response_id)))),
            response_id,
            feed
    ) as number
    from answers
    semi join responses using (study, feed, organisation_code, response_id)
    group by feed, response_id
)
select responses.*, format('forgotten-{}-{:08d}', $mark, number) as new_id
from responses
inner join numbered using (feed, response_id);
create temp table invitation_ids as
select *, format('forgotten-{}-{:08d}', $mark, row_number() over (
    order by sha256(concat($lot, '|', study, '|', invitation_id))
)) as new_id
from invitations;
"""

FINGERPRINTS = """
create temp table prints as
select feed, organisation_code, sha256(response_id) as id_fingerprint, sha256(new_id) as new_print
from response_ids
union all
select feed, null, sha256(invitation_id), sha256(new_id)
from invitation_ids
inner join feeds using (study)
where kind = 'invitations';
insert into prints
select distinct bad.feed, null, bad.id_fingerprint, sha256(concat($lot, '|', bad.id_fingerprint))
from bad
anti join (
    select feed, sha256(response_id) as id_fingerprint from answers
    union all
    select feed, sha256(invitation_id) from sent
) as known using (feed, id_fingerprint)
where
    not bad.is_cleared and bad.id_fingerprint is not null
    and (bad.day < $before or (bad.feed = $feed and bad.id_fingerprint = sha256($id)
        and coalesce(bad.organisation_code = $organisation, true)));
"""
"""By feed, also of ids that are in quarantine only; an organisation that is null stands for any."""

BAD_ROWS = """
create temp table named as
select bad.feed, bad.delivery, bad.row
from bad
cross join json_each(bad.masked_row) as cell
inner join id_headers on bad.feed = id_headers.feed and lower(trim(cell.key)) = id_headers.header
inner join invitation_ids
    on id_headers.study = invitation_ids.study
    and nfc_normalize(trim(cell.value ->> '$')) = invitation_ids.invitation_id
where not bad.is_cleared;
create temp table cleared as
select feed, delivery, row
from bad
where
    not is_cleared
    and (
        coalesce(day < $before, false)
        or exists (
            select 1 from prints
            where
                prints.feed = bad.feed and prints.id_fingerprint = bad.id_fingerprint
                and coalesce(prints.organisation_code = bad.organisation_code, true)
        )
        or (feed, delivery, row) in (select (feed, delivery, row) from named)
    );
create temp table reprinted as
select bad.feed, bad.delivery, bad.row, any_value(prints.new_print) as new_print
from bad
inner join prints
    on bad.feed = prints.feed and bad.id_fingerprint = prints.id_fingerprint
    and coalesce(prints.organisation_code = bad.organisation_code, true)
group by all;
"""

RESPONDENTS = """
select
    cast(md5_number_lower(concat_ws('|', study, organisation_code, feed, response_id)) // 2
        as bigint) as respondent,
    cast(md5_number_lower(concat_ws('|', study, organisation_code, feed, new_id)) // 2
        as bigint) as new_respondent
from response_ids
union
select
    cast(md5_number_lower(concat_ws('|', study, invitation_id)) // 2 as bigint),
    cast(md5_number_lower(concat_ws('|', study, new_id)) // 2 as bigint)
from invitation_ids
"""
"""Fingerprints of the models (`respondent` in int_responses and int_gross_sample), old and new."""

COUNTS = """
with counted as (
    select feed, 'responses' as what, count(*) as rows
    from lake_answers
    semi join response_ids using (study, feed, organisation_code, response_id)
    group by feed
    union all
    select feed, 'invitations', count(*)
    from lake_sent semi join invitation_ids using (study, invitation_id) group by feed
    union all
    select feed, 'pseudonyms', count(email_pseudonym)
    from lake_sent semi join invitation_ids using (study, invitation_id) group by feed
    union all
    select texts.feed, 'texts', count(*)
    from texts
    semi join response_ids using (feed, organisation_code, response_id)
    group by texts.feed
    union all
    select feed, 'rows in quarantine', count(*) from cleared group by feed
)
select * from counted where rows > 0 order by feed, what
"""

TOUCHED = """
select distinct 'responses' as room, feed, delivery
from lake_answers
where
    (study, feed, organisation_code, response_id)
        in (select (study, feed, organisation_code, response_id) from response_ids)
    or (study, invitation_id) in (select (study, invitation_id) from invitation_ids)
union
select distinct 'invitations', feed, delivery
from lake_sent semi join invitation_ids using (study, invitation_id)
union
select distinct 'restricted', feed, delivery
from texts semi join response_ids using (feed, organisation_code, response_id)
union
select distinct 'quarantine', feed, delivery from cleared
union
select distinct 'quarantine', feed, delivery from reprinted
order by all
"""

UNPUBLISHED = """
with dated as (
    select study, organisation_code, day, wave
    from lake_answers semi join response_ids using (study, feed, organisation_code, response_id)
    union all
    select study, organisation_code, day, null
    from lake_sent semi join invitation_ids using (study, invitation_id)
),
placed as (
    select study, organisation_code, case timing
        when 'wave' then coalesce(wave, cast(year(day) as varchar))
        else concat(year(day), 'Q', quarter(day)) end as period
    from dated
    inner join studies using (study)
)
select distinct study, organisation_code, period
from placed
anti join published using (study, organisation_code, period)
order by all
"""


@dataclass(frozen=True)
class Whose:
    """Of whom something is forgotten: of all before a day, or of one respondent.

    A respondent is known by the pseudonym of an address, or by an id of a feed; the id of a
    response may be in use at several organisations.
    """

    before: date | None = None
    pseudonym: str | None = None
    feed: str | None = None
    id: str | None = None
    organisation: str | None = None


@dataclass(frozen=True)
class Found:
    """What is known of them.

    `counts` has `feed`, `what`, `rows`; `touched` the lake's files that hold it (`room`, `feed`,
    `delivery`). `response_ids` (`study`, `feed`, `organisation_code`, `response_id`),
    `invitation_ids` (`study`, `invitation_id`) have a `new_id`; `respondents` gives a
    `new_respondent` for each fingerprint. `cleared` are rows in quarantine (`feed`, `delivery`,
    `row`), `reprinted` those whose id has a `new_print` there. `unpublished` are periods that
    something found is of and that are not published.
    """

    counts: pl.DataFrame
    touched: pl.DataFrame
    response_ids: pl.DataFrame
    invitation_ids: pl.DataFrame
    respondents: pl.DataFrame
    cleared: pl.DataFrame
    reprinted: pl.DataFrame
    unpublished: pl.DataFrame

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of them."""
        return self.touched.is_empty() and self.respondents.is_empty()


def find(settings: Settings, codebook: Codebook, index: Index, whose: Whose) -> Found:
    """Look for all that is known of some people; changes nothing.

    Raises:
        UserError: the id is in use at several organisations, and none was named.

    """
    with duckdb.connect() as engine:
        open_known(engine, settings, codebook, index)
        _choose(engine, codebook, whose)
        values = {
            "feed": whose.feed,
            "id": whose.id,
            "organisation": whose.organisation,
            "before": whose.before,
            # 128 bits that nobody knows after this
            "lot": secrets.token_hex(16),
        }
        mark = secrets.token_hex(8)
        _execute(engine, NEW_IDS, {"lot": values["lot"], "mark": mark})
        _execute(engine, FINGERPRINTS, values)
        _execute(engine, BAD_ROWS, values)

        def table(sql: str) -> pl.DataFrame:
            return pl.DataFrame(engine.sql(sql).to_arrow_table())

        return Found(
            counts=table(COUNTS),
            touched=table(TOUCHED),
            response_ids=table("from response_ids"),
            invitation_ids=table("from invitation_ids"),
            respondents=table(RESPONDENTS),
            cleared=table("from cleared"),
            reprinted=table("from reprinted"),
            unpublished=table(UNPUBLISHED),
        )


def _choose(engine: duckdb.DuckDBPyConnection, codebook: Codebook, whose: Whose) -> None:
    """Make the tables `responses` and `invitations` of those who are meant."""
    if whose.before is not None:
        _execute(engine, OF_BEFORE, {"before": whose.before, "replaced": REPLACED})
        return
    values = {"feed": whose.feed, "id": whose.id, "organisation": whose.organisation}
    if whose.feed is None:
        engine.execute(OF_ADDRESS, {"pseudonym": whose.pseudonym})
    elif codebook.feed(whose.feed).kind == roles.INVITATIONS:
        engine.execute(OF_INVITATION_ID, {"feed": whose.feed, "id": whose.id})
        # a response may have the same id
        values["feed"] = None
    else:
        _require_one_organisation(engine, whose)
        engine.execute(OF_RESPONSE_ID, values)
    engine.execute(ANSWERS_TO_THEM, values)


def _require_one_organisation(engine: duckdb.DuckDBPyConnection, whose: Whose) -> None:
    found = engine.execute(
        "select distinct organisation_code from answers where feed = $feed and response_id = $id "
        "order by 1",
        {"feed": whose.feed, "id": whose.id},
    ).fetchall()
    if whose.organisation is None and len(found) > 1:
        named = ", ".join(code for (code,) in found)
        raise UserError(
            f"that id of {whose.feed} is in use at {named}; name one of them with --organisation"
        )


def _execute(
    engine: duckdb.DuckDBPyConnection, sql: str, values: dict[str, date | str | None]
) -> None:
    """Run several statements, each with those of the values that it names."""
    for statement in sql.split(";\n"):
        named = {name: value for name, value in values.items() if f"${name}" in statement}
        if statement.strip():
            engine.execute(statement, named)
