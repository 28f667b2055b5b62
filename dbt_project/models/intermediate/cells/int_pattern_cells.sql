with

response_cells as (
    select * from {{ ref('int_response_cells') }}
),

cells as (
    select * from {{ ref('int_cells') }}
),

answer_cells as (
    select * from {{ ref('int_answer_cells') }}
),

metrics as (
    select * from {{ ref('stg_metrics') }}
),

respondents as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        'responses' as disclosure_group,
        'responses' as measure,
        responses as n,
        cast(responses as double) as n_effective
    from response_cells
    union all
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        'invitations' as disclosure_group,
        'responses_invited' as measure,
        responses_invited as n,
        cast(responses_invited as double) as n_effective
    from response_cells
),

figures as (
    select
        cells.study,
        cells.organisation_code,
        cells.period,
        cells.channel,
        cells.product_code,
        cells.segment,
        cells.segment_value,
        metrics.disclosure_group,
        cells.metric as measure,
        cells.n,
        cast(cells.sum_weight as double) * cast(cells.sum_weight as double)
        / nullif(cast(cells.sum_weight_squared as double), 0) as n_effective
    from cells
    inner join metrics
        on cells.study = metrics.study
        and cells.metric = metrics.metric
        and metrics.family <> 'distribution'
),

distributions as (
    select distinct
        answer_cells.study,
        answer_cells.organisation_code,
        answer_cells.period,
        answer_cells.channel,
        answer_cells.product_code,
        answer_cells.segment,
        answer_cells.segment_value,
        metrics.disclosure_group,
        concat('distribution of ', answer_cells.metric) as measure,
        answer_cells.n,
        cast(answer_cells.n as double) as n_effective
    from answer_cells
    inner join metrics
        on answer_cells.study = metrics.study
        and answer_cells.metric = metrics.metric
        and metrics.family = 'distribution'
),

pattern_cells as (
    select * from respondents
    union all
    select * from figures
    union all
    select * from distributions
)

select * from pattern_cells
