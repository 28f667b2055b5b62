with

cells as (
    select * from {{ ref('int_answer_cells') }}
),

metrics as (
    select * from {{ ref('stg_metrics') }}
    where family = 'distribution'
),

periods as (
    select * from {{ ref('int_periods') }}
),

pattern as (
    select * from {{ ref('stg_pattern') }}
),

frozen as (
    select * from {{ ref('stg_frozen') }}
),

judged as (
    select
        cells.*,
        coalesce(pattern.status, 'suppressed') as status
    from cells
    inner join metrics
        on cells.study = metrics.study
        and cells.metric = metrics.metric
    left join pattern
        on {{ same_cell('cells', 'pattern') }}
        and metrics.disclosure_group = pattern.disclosure_group
),

as_released as (
    select
        frozen.study,
        frozen.organisation_code,
        frozen.period,
        frozen.channel,
        frozen.product_code,
        frozen.segment,
        frozen.segment_value,
        periods.period_type,
        periods.period_start,
        metrics.metric,
        frozen.answer,
        frozen.n,
        frozen.sum_weight,
        frozen.sum_score as sum_weight_of_answer
    from frozen
    inner join pattern
        on {{ same_cell('frozen', 'pattern') }}
        and frozen.disclosure_group = pattern.disclosure_group
        and frozen.version = pattern.version
        and pattern.status = 'frozen'
    inner join metrics
        on frozen.study = metrics.study
        and frozen.measure = concat('distribution of ', metrics.metric)
    inner join periods
        on frozen.study = periods.study
        and frozen.period = periods.period
),

-- an answer that the earlier release did not have stays hidden with its frozen group
hidden as (
    select judged.*
    from judged
    left join as_released
        on {{ same_cell('judged', 'as_released') }}
        and judged.metric = as_released.metric
        and judged.answer = as_released.answer
    where
        judged.status = 'suppressed'
        or (judged.status = 'frozen' and as_released.study is null)
),

published_answers as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        period_type,
        period_start,
        metric,
        answer,
        'published' as status,
        n,
        100 * cast(sum_weight_of_answer as double) / cast(sum_weight as double) as share
    from judged
    where
        status = 'published'
        and n > 0
    union all
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        period_type,
        period_start,
        metric,
        answer,
        'published' as status,
        n,
        100 * sum_weight_of_answer / sum_weight as share
    from as_released
    where n > 0
    union all
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        period_type,
        period_start,
        metric,
        answer,
        'suppressed' as status,
        null as n,
        null as share
    from hidden
)

select * from published_answers
