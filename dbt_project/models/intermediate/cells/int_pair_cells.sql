with

leaf_pairs as (
    select * from {{ ref('int_leaf_pairs') }}
),

kept_cells as (
    select * from {{ ref('stg_kept_pair_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where not is_sum
),

by_period as (
    select
        leaf_pairs.*,
        periods.period,
        periods.period_type
    from leaf_pairs
    inner join periods
        on leaf_pairs.study = periods.study
        and leaf_pairs.period_start = periods.period_start
),

own_cells as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
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
        period_start,
        metric,
        cube(channel)
    having
        grouping(channel) = 1
        or channel is not null
),

sums_of_quarters as (
    {{ sums_of_quarters(
        'own_cells',
        'kept_cells',
        keys=['channel', 'metric'],
        counts=['n'],
        sums=[
            'sum_weight', 'sum_weight_squared', 'sum_score', 'sum_score_squared', 'sum_overall',
            'sum_overall_squared', 'sum_product',
        ],
    ) }}
),

cells as (
    select * from own_cells
    union all
    select * from sums_of_quarters
)

select * from cells
