with

metrics as (
    select * from {{ ref('stg_metrics') }}
),

metric_questions as (
    select * from {{ ref('stg_metric_questions') }}
),

questions as (
    select * from {{ ref('stg_questions') }}
),

scale_values as (
    select * from {{ ref('stg_scale_values') }}
),

-- such an answer is one, and no score
scales_beyond_numbers as (
    select distinct scale
    from scale_values
    where
        code is not null
        and number is null
),

distributions as (
    select
        study,
        metric as question,
        metric,
        family
    from metrics
    where family = 'distribution'
),

scored as (
    select
        metrics.study,
        metric_questions.question,
        min(metrics.metric) as metric,
        'score' as family
    from metrics
    inner join metric_questions
        on metrics.study = metric_questions.study
        and metrics.metric = metric_questions.metric
    inner join questions
        on metric_questions.study = questions.study
        and metric_questions.question = questions.question
    left join scales_beyond_numbers on questions.scale = scales_beyond_numbers.scale
    where
        metrics.family in ('mean', 'net', 'share')
        and metrics.base = 'answered'
        and scales_beyond_numbers.scale is null
    group by metrics.study, metric_questions.question
),

item_figures as (
    select
        study,
        question,
        metric,
        family
    from distributions
    union all
    select
        scored.study,
        scored.question,
        scored.metric,
        scored.family
    from scored
    left join distributions
        on scored.study = distributions.study
        and scored.question = distributions.question
    where distributions.study is null
)

select * from item_figures
