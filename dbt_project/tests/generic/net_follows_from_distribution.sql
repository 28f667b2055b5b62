{#- The parts of a net metric (little effort, much effort) are in the distribution of its question and give the same figure, with the same number of respondents. -#}
{% test net_follows_from_distribution(model) %}
with

points as (
    select distinct
        metrics.study,
        metrics.metric,
        metric_questions.question,
        scale_values.code as answer,
        metric_bands.points
    from {{ ref('stg_metrics') }} as metrics
    inner join {{ ref('stg_metric_questions') }} as metric_questions
        on metrics.study = metric_questions.study
        and metrics.metric = metric_questions.metric
    inner join {{ ref('stg_questions') }} as questions
        on metric_questions.study = questions.study
        and metric_questions.question = questions.question
    inner join {{ ref('stg_scales') }} as scales
        on questions.scale = scales.scale
        and scales.kind = 'code'
    inner join {{ ref('stg_scale_values') }} as scale_values
        on questions.scale = scale_values.scale
    inner join {{ ref('stg_metric_bands') }} as metric_bands
        on metrics.study = metric_bands.study
        and metrics.metric = metric_bands.metric
        and scale_values.number between metric_bands.lower_bound and metric_bands.upper_bound
    where metrics.family = 'net'
        and metrics.base = 'answered'
)

select
    kpi.study,
    kpi.organisation_code,
    kpi.period,
    kpi.channel,
    kpi.metric,
    kpi.value,
    sum(points.points * distribution.share / 100) as value_of_parts
from {{ ref('mart_kpi') }} as kpi
inner join points
    on kpi.study = points.study
    and kpi.metric = points.metric
inner join {{ model }} as distribution
    on points.study = distribution.study
    and points.question = distribution.metric
    and points.answer = distribution.answer
    and kpi.organisation_code = distribution.organisation_code
    and kpi.period = distribution.period
    and kpi.channel = distribution.channel
    and kpi.product_code = distribution.product_code
    and kpi.segment = distribution.segment
    and kpi.segment_value = distribution.segment_value
where kpi.status = 'published'
group by
    kpi.study,
    kpi.organisation_code,
    kpi.period,
    kpi.channel,
    kpi.metric,
    kpi.value,
    kpi.n
having abs(kpi.value - sum(points.points * distribution.share / 100)) > 1e-6
    or min(distribution.n) <> kpi.n
{% endtest %}
