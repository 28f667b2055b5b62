with

leaf_cells as (
    select * from {{ ref('int_leaf_cells') }}
),

kept_cells as (
    select * from {{ ref('stg_kept_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where not is_sum
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

totals as (
    {{ with_totals(
        'leaf_cells',
        'periods',
        over=['channel', 'product_code'],
        keys=['segment', 'segment_value', 'metric'],
        counts=['n'],
        sums=['sum_weight', 'sum_weight_squared', 'sum_score', 'sum_score_squared'],
    ) }}
),

own_cells as (
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
        totals.sum_score_squared
    from totals
    inner join reach
        on totals.study = reach.study
        and totals.metric = reach.metric
    where
        totals.channel <> 'all'
        or reach.in_every_channel
),

sums_of_quarters as (
    {{ sums_of_quarters(
        'own_cells',
        'kept_cells',
        keys=['channel', 'product_code', 'segment', 'segment_value', 'metric'],
        counts=['n'],
        sums=['sum_weight', 'sum_weight_squared', 'sum_score', 'sum_score_squared'],
    ) }}
),

cells as (
    select * from own_cells
    union all
    select * from sums_of_quarters
)

select * from cells
