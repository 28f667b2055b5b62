with

cells as (
    select * from {{ ref('int_answer_cells') }}
),

metrics as (
    select * from {{ ref('stg_metrics') }}
    where family = 'distribution'
),

pattern as (
    select * from {{ ref('stg_pattern') }}
),

judged as (
    select
        cells.*,
        case when pattern.published then 'published' else 'suppressed' end as status
    from cells
    inner join metrics
        on cells.study = metrics.study
        and cells.metric = metrics.metric
    left join pattern
        on cells.study = pattern.study
        and cells.organisation_code = pattern.organisation_code
        and cells.period = pattern.period
        and cells.channel = pattern.channel
        and cells.product_code = pattern.product_code
        and cells.segment = pattern.segment
        and cells.segment_value = pattern.segment_value
        and metrics.disclosure_group = pattern.disclosure_group
),

published_answers as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        product_code,
        segment,
        segment_value,
        metric,
        answer,
        status,
        case when status = 'published' then n end as n,
        case
            when status = 'published'
                then 100 * cast(sum_weight_of_answer as double) / cast(sum_weight as double)
        end as share
    from judged
    where
        n > 0
        or status = 'suppressed'
)

select * from published_answers
