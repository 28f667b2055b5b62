with

metrics as (
    select * from {{ ref('stg_metrics') }}
    where family = 'distribution'
),

questions as (
    select * from {{ ref('stg_questions') }}
),

scale_values as (
    select * from {{ ref('stg_scale_values') }}
),

dimension as (
    select
        metrics.study,
        metrics.metric,
        scale_values.code as answer,
        arg_min(scale_values.label_nl, scale_values.sort_order) as label_nl,
        arg_min(scale_values.label_en, scale_values.sort_order) as label_en,
        min(scale_values.number) as number,
        min(scale_values.sort_order) as sort_order
    from metrics
    inner join questions
        on metrics.study = questions.study
        and metrics.metric = questions.question
    inner join scale_values on questions.scale = scale_values.scale
    where scale_values.code is not null
    group by metrics.study, metrics.metric, scale_values.code
)

select * from dimension
