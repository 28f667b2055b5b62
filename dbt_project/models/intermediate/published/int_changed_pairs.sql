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

revised_before as (
    select period_states.*
    from period_states
    left join earlier_vintages
        on period_states.study = earlier_vintages.study
        and period_states.organisation_code = earlier_vintages.organisation_code
        and period_states.period = earlier_vintages.period
    where
        period_states.period_type = 'quarter'
        and earlier_vintages.study is null
),

-- what is touched in a quarter is touched in its year
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
        and pair_cells.channel in (touched.channel, 'all')
        and touched.measure = concat('pairs of ', pair_cells.metric)
    inner join period_states
        on touched.study = period_states.study
        and touched.organisation_code = period_states.organisation_code
        and touched.period = period_states.period
    where
        pair_cells.period = touched.period
        or (
            pair_cells.period_type = 'year'
            and year(pair_cells.period_start) = year(period_states.period_start)
        )
    union
    -- what was touched in a revision before this one is not looked up again: its year tells of none
    select
        pair_cells.study,
        pair_cells.organisation_code,
        pair_cells.period,
        pair_cells.channel,
        pair_cells.metric
    from pair_cells
    inner join revised_before
        on pair_cells.study = revised_before.study
        and pair_cells.organisation_code = revised_before.organisation_code
        and pair_cells.period_type = 'year'
        and year(pair_cells.period_start) = year(revised_before.period_start)
)

select * from changed_pairs
