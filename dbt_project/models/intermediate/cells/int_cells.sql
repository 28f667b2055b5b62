with

leaf_cells as (
    select * from {{ ref('int_leaf_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

scope as (
    select * from {{ ref('int_metric_scope') }}
    where family <> 'distribution'
),

reach as (
    select
        study,
        metric,
        bool_and(in_every_channel) as in_every_channel
    from scope
    group by study, metric
),

-- each quarter counts for itself and, once its year is closed, for the year
by_period as (
    select
        leaf_cells.*,
        periods.period,
        periods.period_type,
        periods.period_start as start_of_period
    from leaf_cells
    inner join periods
        on leaf_cells.study = periods.study
        and leaf_cells.period_start between periods.period_start and periods.period_end
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
        coalesce(product_code, 'all') as product_code,
        segment,
        segment_value,
        metric,
        cast(sum(n) as bigint) as n,
        sum(sum_weight) as sum_weight,
        sum(sum_weight_squared) as sum_weight_squared,
        sum(sum_score) as sum_score,
        sum(sum_score_squared) as sum_score_squared,
        sum(state) as state
    from by_period
    group by
        study,
        organisation_code,
        period,
        period_type,
        start_of_period,
        segment,
        segment_value,
        metric,
        cube(channel, product_code)
    -- a study without channels or products has their total only, and so has a segment of products
    having
        (grouping(channel) = 1 or channel is not null)
        and (grouping(product_code) = 1 or product_code is not null)
),

cells as (
    select
        totals.study,
        totals.organisation_code,
        totals.period,
        totals.period_type,
        totals.period_start,
        totals.channel,
        totals.product_code,
        totals.segment,
        totals.segment_value,
        totals.metric,
        totals.n,
        totals.sum_weight,
        totals.sum_weight_squared,
        totals.sum_score,
        totals.sum_score_squared,
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
