with

leaf_pairs as (
    select * from {{ ref('int_leaf_pairs') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

by_period as (
    select
        leaf_pairs.*,
        periods.period,
        periods.period_type,
        periods.period_start as start_of_period
    from leaf_pairs
    inner join periods
        on leaf_pairs.study = periods.study
        and leaf_pairs.period_start between periods.period_start and periods.period_end
        and (periods.period_type = 'quarter' or periods.closed)
),

cells as (
    select
        study,
        organisation_code,
        period,
        period_type,
        start_of_period as period_start,
        coalesce(channel, 'all') as channel,
        metric,
        cast(sum(n) as bigint) as n,
        sum(sum_weight) as sum_weight,
        sum(sum_weight_squared) as sum_weight_squared,
        sum(sum_score) as sum_score,
        sum(sum_score_squared) as sum_score_squared,
        sum(sum_overall) as sum_overall,
        sum(sum_overall_squared) as sum_overall_squared,
        sum(sum_product) as sum_product
    from by_period
    group by
        study,
        organisation_code,
        period,
        period_type,
        start_of_period,
        metric,
        cube(channel)
    having
        grouping(channel) = 1
        or channel is not null
)

select * from cells
