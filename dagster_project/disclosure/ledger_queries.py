"""The comparisons between versions of a ledger, as SQL on its tables.

Belongs here: queries on `stored` (cells of every version), `changes` (respondents), `cells`,
`current` (contributions of now), `pattern` and `hierarchies`. Does not belong here: running them.

A contribution is known by its block, measure, respondent and segment; `content` is null in a change
that says the respondent left.
"""

from __future__ import annotations

from dagster_project.disclosure.rules import BASE_GROUP, CELL

CELL_LIST = ", ".join(CELL)
BLOCK = "study, organisation_code, year"
KEY = f"{BLOCK}, measure, respondent, segment"
PLACE = "period, channel, product_code, segment_value, content"

YEAR = "left(period, 4)"
"""A period is a year or begins with one."""

CHANGED_BLOCKS = f"""
with before as (
    select *, {YEAR} as year from stored where kind <> 'carried'
    qualify version = max(version) over (partition by study, organisation_code, {YEAR})
),
now as (
    select *, {YEAR} as year from cells
    where kind <> 'carried'
        and (study, organisation_code, {YEAR}) in (select ({BLOCK}) from before)
),
differences as (
    (select {BLOCK}, {CELL_LIST}, measure, state from before
    except select {BLOCK}, {CELL_LIST}, measure, state from now)
    union all
    (select {BLOCK}, {CELL_LIST}, measure, state from now
    except select {BLOCK}, {CELL_LIST}, measure, state from before)
)
select distinct {BLOCK} from differences order by all
"""
"""Blocks of the ledger whose latest version is not how they are now."""

_STATES = f"""
select
    {CELL_LIST},
    disclosure_group,
    {{version}} as version,
    list_sort(list_distinct(list(concat(measure, '=', state)))) as states
from {{figures}}
group by all
"""

STATED_BLOCKS = f"""
with now as ({_STATES.format(version="0", figures="cells")}),
earlier as ({_STATES.format(version="version", figures="stored where published")}),
last_published as (
    select * from earlier
    qualify version = max(version) over (partition by {CELL_LIST}, disclosure_group)
),
last_version as (
    select * from stored
    qualify version = max(version) over (partition by study, organisation_code, {YEAR})
),
newly_published as (
    select study, organisation_code, period
    from now
    semi join (select * from pattern where status = 'published') as published
        using ({CELL_LIST}, disclosure_group)
    left join last_published using ({CELL_LIST}, disclosure_group)
    where now.states is distinct from last_published.states
),
newly_empty as (
    select study, organisation_code, period
    from last_version
    anti join now using ({CELL_LIST}, disclosure_group)
    anti join (select * from pattern where status = 'frozen') as frozen
        using ({CELL_LIST}, disclosure_group)
)
select distinct study, organisation_code, {YEAR} as year
from (from newly_published union all from newly_empty) as stated
order by all
"""
"""Blocks of which something new is stated.

That is a group published as it was not published last, or a cell that is gone: it has no row, which
says that nobody is in it.
"""

STATED = f"""
select
    cells.*,
    cast($1 as integer) as version,
    coalesce(pattern.status = 'published', false) as published
from cells
left join pattern using ({CELL_LIST}, disclosure_group)
where (study, organisation_code, {YEAR}) in (select ({BLOCK}) from blocks)
order by {CELL_LIST}, disclosure_group, measure, answer
"""
"""The cells of those blocks; $1 is the version."""

CHANGES = f"""
with latest as (
    select * from changes
    where ({BLOCK}) in (select ({BLOCK}) from blocks)
    qualify version = max(version) over (partition by {KEY})
),
now as (
    select *, {YEAR} as year from current
    where (study, organisation_code, {YEAR}) in (select ({BLOCK}) from blocks)
)
select
    study, organisation_code, now.period, now.channel, now.product_code, segment,
    now.segment_value, measure, respondent, now.content, year, cast($1 as integer) as version
from now
full join latest using ({KEY})
where (now.period, now.channel, now.product_code, now.segment_value, now.content)
    is distinct from
    (latest.period, latest.channel, latest.product_code, latest.segment_value, latest.content)
order by {BLOCK}, period, channel, product_code, segment, segment_value, respondent, measure
"""
"""What changed in those blocks since their latest version; $1 is the version."""

FROZEN = f"""
select
    {CELL_LIST}, disclosure_group,
    stored.* exclude ({CELL_LIST}, disclosure_group, version, published),
    version
from (select * from pattern where status = 'frozen') as frozen
left join (select * from stored where published) as stored
    using ({CELL_LIST}, disclosure_group, version)
order by {CELL_LIST}, disclosure_group, measure, answer
"""

TOUCHED = f"""
with recursive all_versions as (
    select distinct study, organisation_code, {YEAR} as year, version from stored
),
-- a block with one version that is as it is now has nobody who differs
block_versions as (
    select * from all_versions
    where ({BLOCK}) in (select ({BLOCK}) from changed)
    union
    select * from all_versions
    qualify count(*) over (partition by {BLOCK}) > 1
),
spans as (
    select *, lead(version) over (partition by {KEY} order by version) as until
    from changes
    where ({BLOCK}) in (select ({BLOCK}) from block_versions)
),
latest as (
    select * from spans where until is null and content is not null
),
dated_current as (
    select *, {YEAR} as year from current
),
now as (
    select {KEY}, {PLACE} from dated_current semi join changed using ({BLOCK})
    union all
    select {KEY}, {PLACE} from latest anti join changed using ({BLOCK})
),
-- nobody else can differ from an earlier version
suspects as (
    select {KEY} from spans
    inner join (
        select {BLOCK}, min(version) as first_version from block_versions group by all
    ) using ({BLOCK})
    where version > first_version
    union
    select {KEY}
    from (select * from now semi join changed using ({BLOCK})) as now
    full join (select * from latest semi join changed using ({BLOCK})) as latest using ({KEY})
    where (now.period, now.channel, now.product_code, now.segment_value, now.content)
        is distinct from
        (latest.period, latest.channel, latest.product_code, latest.segment_value, latest.content)
),
sides as (
    select {KEY}, block_versions.version, 'then' as side, {PLACE}
    from suspects
    inner join block_versions using ({BLOCK})
    inner join spans using ({KEY})
    where content is not null
        and spans.version <= block_versions.version
        and (until is null or until > block_versions.version)
    union all
    select {KEY}, version, 'now' as side, {PLACE}
    from suspects
    inner join block_versions using ({BLOCK})
    inner join now using ({KEY})
),
-- who was the same in the same place is no difference in any total either
moved as (
    select * from sides
    qualify count(*) over (partition by {KEY}, version, {PLACE}) = 1
),
leaves as (
    select study, 'period' as dimension, period as value from moved
    union
    select study, 'channel' as dimension, channel as value from moved
    union
    select study, 'product_code' as dimension, product_code as value from moved
),
ancestors as (
    select study, dimension, value, value as ancestor from leaves
    union
    select ancestors.study, ancestors.dimension, ancestors.value, hierarchies.parent
    from ancestors
    inner join hierarchies
        on ancestors.study = hierarchies.study
        and ancestors.dimension = hierarchies.dimension
        and ancestors.ancestor = hierarchies.child
),
differing as (
    select
        moved.study, moved.organisation_code, periods.ancestor as period,
        channels.ancestor as channel, products.ancestor as product_code,
        moved.segment, moved.segment_value, moved.measure, moved.version
    from moved
    inner join ancestors as periods
        on moved.study = periods.study
        and periods.dimension = 'period' and moved.period = periods.value
    inner join ancestors as channels
        on moved.study = channels.study
        and channels.dimension = 'channel' and moved.channel = channels.value
    inner join ancestors as products
        on moved.study = products.study
        and products.dimension = 'product_code' and moved.product_code = products.value
    group by
        moved.study, moved.organisation_code, periods.ancestor, channels.ancestor,
        products.ancestor, moved.segment, moved.segment_value,
        moved.measure, moved.version, moved.respondent
    having any_value(moved.content) filter (side = 'then')
        is distinct from any_value(moved.content) filter (side = 'now')
),
counted as (
    select *, count(*) as touched from differing group by all
),
known as (
    select {CELL_LIST}, disclosure_group, measure, version from stored where kind <> 'carried'
    union
    select {CELL_LIST}, disclosure_group, measure, version
    from (select *, {YEAR} as year from cells where kind <> 'carried')
    inner join block_versions using ({BLOCK})
)
select {CELL_LIST}, disclosure_group, measure, version, touched
from known inner join counted using ({CELL_LIST}, measure, version)
order by all
"""
"""Respondents of each cell and measure who differ between each version of its block and now."""

VINTAGE = f"""
select distinct
    {CELL_LIST}, measure, cast(0 as bigint) as release,
    coalesce(pattern.status <> 'frozen', true) as current,
    coalesce(pattern.status <> 'suppressed', false) as decided
from cells
left join pattern using ({CELL_LIST}, disclosure_group)
where kind <> 'carried'
union all
select distinct
    {CELL_LIST}, measure, cast(version - $1 - 1 as bigint) as release, published as current,
    true as decided
from released
where kind <> 'carried'
"""
"""Which figures are those of their release; $1 is the number of earlier releases."""

SHRUNK = f"""
with now as (
    select distinct {CELL_LIST}, disclosure_group, measure, n
    from cells
    where kind <> 'carried'
),
earlier as (
    select distinct {CELL_LIST}, disclosure_group, measure, version, n
    from released
    where kind <> 'carried'
),
since as (
    select
        earlier.* exclude (n),
        coalesce(now.n, 0) - earlier.n as added,
        lead(earlier.n) over (
            partition by {CELL_LIST}, disclosure_group, measure order by version
        ) - earlier.n as added_next
    from earlier
    left join now using ({CELL_LIST}, disclosure_group, measure)
)
select distinct {CELL_LIST}, measure
from since
left join touched using ({CELL_LIST}, disclosure_group, measure, version)
where coalesce(touched.touched, 0) <> since.added or since.added_next < 0
union
select {CELL_LIST}, part.measure
from cells as part
inner join cells as base using ({CELL_LIST})
where
    part.kind = 'count' and part.disclosure_group <> '{BASE_GROUP}'
    and base.disclosure_group = '{BASE_GROUP}' and part.n > base.n
"""
"""Where respondents left or changed since a version, or are counted in another cell than theirs."""
