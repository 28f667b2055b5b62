with

leaf_answers as (
    select * from {{ ref('int_leaf_answers') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

scope as (
    select * from {{ ref('int_metric_scope') }}
    where family = 'distribution'
),

reach as (
    select
        study,
        metric,
        bool_and(in_every_channel) as in_every_channel
    from scope
    group by study, metric
),

by_period as (
    select
        leaf_answers.*,
        periods.period,
        periods.period_type,
        periods.period_start as start_of_period
    from leaf_answers
    inner join periods
        on leaf_answers.study = periods.study
        and leaf_answers.period_start between periods.period_start and periods.period_end
        and (periods.period_type = 'quarter' or periods.closed)
),

totals as (
    select
        study,
        organisation_code,
        period,
        period_type,
        start_of_period as period_start,
        coalesce(channel, 'all') as channel,
        metric,
        answer,
        cast(sum(n) as bigint) as n,
        sum(sum_weight) as sum_weight,
        sum(sum_weight_squared) as sum_weight_squared,
        sum(sum_weight_of_answer) as sum_weight_of_answer,
        sum(state) as state
    from by_period
    group by
        study,
        organisation_code,
        period,
        period_type,
        start_of_period,
        metric,
        answer,
        cube(channel)
    having
        grouping(channel) = 1
        or channel is not null
),

cells as (
    select
        totals.study,
        totals.organisation_code,
        totals.period,
        totals.period_type,
        totals.period_start,
        totals.channel,
        'all' as product_code,
        'all' as segment,
        'all' as segment_value,
        totals.metric,
        totals.answer,
        totals.n,
        totals.sum_weight,
        totals.sum_weight_squared,
        totals.sum_weight_of_answer,
        totals.state
    from totals
    inner join reach
        on totals.study = reach.study
        and totals.metric = reach.metric
    where
        totals.channel <> 'all'
        or reach.in_every_channel
)

select * from cells
