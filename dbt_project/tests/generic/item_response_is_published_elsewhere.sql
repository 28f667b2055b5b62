{#- Item response discloses nothing of its own: those asked are the published responses, those who answered the published n of the distribution of the question and of each metric that leaves no answer to it out. -#}
{% test item_response_is_published_elsewhere(model) %}
with

items as (
    select * from {{ model }}
    where status = 'published'
),

counted as (
    select
        study,
        organisation_code,
        period,
        channel,
        metric as question,
        n
    from {{ ref('mart_distribution') }}
    where product_code = 'all'
        and segment = 'all'
        and status = 'published'
    union all
    select
        kpi.study,
        kpi.organisation_code,
        kpi.period,
        kpi.channel,
        metric_questions.question,
        kpi.n
    from {{ ref('mart_kpi') }} as kpi
    inner join {{ ref('stg_metrics') }} as metrics
        on kpi.study = metrics.study
        and kpi.metric = metrics.metric
        and metrics.family in ('mean', 'net', 'share')
        and metrics.base = 'answered'
    inner join {{ ref('stg_metric_questions') }} as metric_questions
        on kpi.study = metric_questions.study
        and kpi.metric = metric_questions.metric
    inner join {{ ref('stg_questions') }} as questions
        on metric_questions.study = questions.study
        and metric_questions.question = questions.question
    where kpi.product_code = 'all'
        and kpi.segment = 'all'
        and kpi.status = 'published'
        and not exists (
            select 1
            from {{ ref('stg_scale_values') }} as scale_values
            where scale_values.scale = questions.scale
                and scale_values.code is not null
                and scale_values.number is null
        )
)

select
    items.study,
    items.organisation_code,
    items.period,
    items.channel,
    items.question
from items
left join {{ ref('mart_response') }} as responses
    on items.study = responses.study
    and items.organisation_code = responses.organisation_code
    and items.period = responses.period
    and items.channel = responses.channel
    and responses.product_code = 'all'
left join counted
    on items.study = counted.study
    and items.organisation_code = counted.organisation_code
    and items.period = counted.period
    and items.channel = counted.channel
    and items.question = counted.question
where items.asked is distinct from responses.responses
    or items.answered is distinct from counted.n
{% endtest %}
