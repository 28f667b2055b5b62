with

period_states as (
    select * from {{ ref('stg_period_states') }}
    where revision > 0
),

pair_cells as (
    select * from {{ ref('int_pair_cells') }}
),

contributions as (
    select * from {{ ref('int_contributions') }}
    where measure like 'pairs of %'
),

earlier_pairs as (
    select * from {{ ref('stg_earlier_pairs') }}
),

earlier_vintages as (
    select * from {{ ref('stg_earlier_vintages') }}
),

-- those of now beside those of each earlier vintage
pairs as (
    select
        contributions.study,
        contributions.organisation_code,
        contributions.period,
        contributions.channel,
        contributions.measure,
        contributions.respondent,
        contributions.content,
        earlier_vintages.vintage
    from contributions
    inner join earlier_vintages
        on contributions.study = earlier_vintages.study
        and contributions.organisation_code = earlier_vintages.organisation_code
        and contributions.period = earlier_vintages.period
    union all
    select
        study,
        organisation_code,
        period,
        channel,
        measure,
        respondent,
        content,
        vintage
    from earlier_pairs
),

touched as (
    select
        study,
        organisation_code,
        period,
        channel,
        measure
    from pairs
    group by
        study,
        organisation_code,
        period,
        channel,
        measure,
        vintage,
        respondent
    having
        count(*) = 1
        or min(content) <> max(content)
),

revised_quarters as (
    select * from period_states
    where period_type = 'quarter'
),

changed_pairs as (
    select distinct
        pair_cells.study,
        pair_cells.organisation_code,
        pair_cells.period,
        pair_cells.channel,
        pair_cells.metric
    from pair_cells
    inner join touched
        on pair_cells.study = touched.study
        and pair_cells.organisation_code = touched.organisation_code
        and pair_cells.period = touched.period
        and pair_cells.channel in (touched.channel, 'all')
        and touched.measure = concat('pairs of ', pair_cells.metric)
    union
    -- a year with a revised quarter tells of no pairs at all
    select
        pair_cells.study,
        pair_cells.organisation_code,
        pair_cells.period,
        pair_cells.channel,
        pair_cells.metric
    from pair_cells
    inner join revised_quarters
        on pair_cells.study = revised_quarters.study
        and pair_cells.organisation_code = revised_quarters.organisation_code
        and pair_cells.period_type = 'year'
        and year(pair_cells.period_start) = year(revised_quarters.period_start)
)

select * from changed_pairs
