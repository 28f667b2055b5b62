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

kept_answers as (
    select * from {{ ref('stg_kept_published_answers') }}
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

published_answers as (
    select
        {{ cell() }},
        period_type,
        period_start,
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
        status = 'suppressed'
        or n > 0
    union all
    select
        {{ cell() }},
        period_type,
        period_start,
        metric,
        answer,
        status,
        n,
        share
    from kept_answers
)

select * from published_answers
