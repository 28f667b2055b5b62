{#- A priority is shown where the aspect and its overall metric are, with the satisfaction of the aspect, on no more respondents than either and on enough. -#}
{% test priorities_rest_on_published_figures(model) %}
select
    priorities.study,
    priorities.organisation_code,
    priorities.period,
    priorities.channel,
    priorities.metric
from {{ model }} as priorities
inner join {{ ref('stg_studies') }} as studies on priorities.study = studies.study
left join {{ ref('stg_metrics') }} as metrics
    on priorities.study = metrics.study
    and priorities.metric = metrics.metric
    and metrics.overall_metric is not null
left join {{ ref('mart_kpi') }} as aspect
    on priorities.study = aspect.study
    and priorities.organisation_code = aspect.organisation_code
    and priorities.period = aspect.period
    and priorities.channel = aspect.channel
    and priorities.metric = aspect.metric
    and aspect.product_code = 'all'
    and aspect.segment = 'all'
left join {{ ref('mart_kpi') }} as overall
    on priorities.study = overall.study
    and priorities.organisation_code = overall.organisation_code
    and priorities.period = overall.period
    and priorities.channel = overall.channel
    and metrics.overall_metric = overall.metric
    and overall.product_code = 'all'
    and overall.segment = 'all'
where priorities.status = 'published'
    and (
        priorities.satisfaction is distinct from aspect.value
        or priorities.n < studies.priority_min_n
        or coalesce(priorities.n > aspect.n, true)
        or coalesce(priorities.n > overall.n, true)
    )
{% endtest %}
