with

answers as (
    select * from {{ ref('int_answers') }}
),

metrics as (
    select * from {{ ref('stg_metrics') }}
),

metric_questions as (
    select * from {{ ref('stg_metric_questions') }}
),

metric_bands as (
    select * from {{ ref('stg_metric_bands') }}
),

inputs as (
    select
        metrics.study,
        metrics.metric,
        metrics.family,
        metrics.base,
        metrics.min_items,
        metric_questions.question
    from metrics
    inner join metric_questions
        on metrics.study = metric_questions.study
        and metrics.metric = metric_questions.metric
    where metrics.family <> 'distribution'
),

of_one_question as (
    select
        answers.response,
        inputs.metric,
        case
            when inputs.family = 'mean' then coalesce(metric_bands.points, answers.number)
            when answers.number is null and inputs.base = 'asked' then 0
            else metric_bands.points
        end as score
    from answers
    inner join inputs
        on answers.study = inputs.study
        and answers.question = inputs.question
        and inputs.family in ('mean', 'net', 'share')
    left join metric_bands
        on inputs.study = metric_bands.study
        and inputs.metric = metric_bands.metric
        and answers.number between metric_bands.lower_bound and metric_bands.upper_bound
),

of_several_questions as (
    select
        answers.response,
        inputs.metric,
        avg(answers.number) as score
    from answers
    inner join inputs
        on answers.study = inputs.study
        and answers.question = inputs.question
        and inputs.family = 'composite'
    group by answers.response, inputs.metric
    having count(answers.number) >= max(inputs.min_items)
),

numbered as (
    select max(built_by) as built_by from {{ ref('int_responses') }}
),

scored as (
    select
        response,
        metric,
        score
    from of_one_question
    where score is not null
    union all
    select
        response,
        metric,
        score
    from of_several_questions
),

scores as (
    select
        scored.*,
        numbered.built_by as numbered_by
    from scored
    cross join numbered
)

select * from scores
