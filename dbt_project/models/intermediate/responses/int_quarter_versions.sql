with

responses as (
    select * from {{ ref('int_responses') }}
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

scope as (
    select * from {{ ref('int_metric_scope') }}
),

segments as (
    select * from {{ ref('stg_segments') }}
),

answer_options as (
    select * from {{ ref('stg_scale_values') }}
),

definition_rows as (
    select
        {{ row_hash(['study', 'metric', 'family', 'base', 'min_items', 'overall_metric']) }}
            as fingerprint
    from metrics
    union all
    select {{ row_hash(['study', 'metric', 'question']) }} as fingerprint
    from metric_questions
    union all
    select
        {{ row_hash(['study', 'metric', 'lower_bound', 'upper_bound', 'points']) }}
            as fingerprint
    from metric_bands
    union all
    select {{ row_hash(['study', 'feed', 'metric', 'family']) }} as fingerprint
    from scope
    union all
    select {{ row_hash(['study', 'segment', 'question']) }} as fingerprint
    from segments
    union all
    select {{ row_hash(['scale', 'raw', 'code', 'number']) }} as fingerprint
    from answer_options
),

definitions as (
    select sum(fingerprint) as fingerprint from definition_rows
),

-- a row of a delivery never changes, so naming the rows says what is in a quarter
answers as (
    select
        period_start,
        count(*) as responses,
        sum({{ row_hash(['feed', 'delivery', 'source_row', 'codebook']) }}) as fingerprint
    from responses
    group by period_start
),

versions as (
    select
        answers.period_start,
        concat(
            answers.responses, '-', answers.fingerprint, '-', definitions.fingerprint,
            '-{{ var("layout") }}'
        ) as version
    from answers
    cross join definitions
)

select * from versions
