with

leaf_answers as (
    select * from {{ ref('int_leaf_answers') }}
),

kept_cells as (
    select * from {{ ref('stg_kept_answer_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where not is_sum
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

totals as (
    {{ with_totals(
        'leaf_answers',
        'periods',
        over=['channel'],
        keys=['metric', 'answer'],
        counts=['n'],
        sums=['sum_weight', 'sum_weight_squared', 'sum_weight_of_answer'],
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
        'all' as product_code,
        'all' as segment,
        'all' as segment_value,
        totals.metric,
        totals.answer,
        totals.n,
        totals.sum_weight,
        totals.sum_weight_squared,
        totals.sum_weight_of_answer
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
        keys=['channel', 'product_code', 'segment', 'segment_value', 'metric', 'answer'],
        counts=['n'],
        sums=['sum_weight', 'sum_weight_squared', 'sum_weight_of_answer'],
    ) }}
),

cells as (
    select * from own_cells
    union all
    select * from sums_of_quarters
)

select * from cells
