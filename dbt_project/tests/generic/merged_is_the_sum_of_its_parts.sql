{#- A merger loses no respondent and counts none twice: a row for each cell of which a part has one, on everybody in its parts, and hidden where one of them is. -#}
{% test merged_is_the_sum_of_its_parts(model) %}
with

parts as (
    select
        kpi.study,
        organisations.current_code as organisation_code,
        kpi.period,
        kpi.channel,
        kpi.product_code,
        kpi.segment,
        kpi.segment_value,
        kpi.metric,
        sum(kpi.n) as n,
        sum(case kpi.status when 'published' then 0 else 1 end) as hidden
    from {{ ref('mart_kpi') }} as kpi
    inner join {{ ref('int_organisations_now') }} as organisations
        on kpi.organisation_code = organisations.organisation_code
    group by
        kpi.study,
        organisations.current_code,
        kpi.period,
        kpi.channel,
        kpi.product_code,
        kpi.segment,
        kpi.segment_value,
        kpi.metric
)

select
    coalesce(merged.study, parts.study) as study,
    coalesce(merged.organisation_code, parts.organisation_code) as organisation_code,
    coalesce(merged.period, parts.period) as period,
    coalesce(merged.metric, parts.metric) as metric
from {{ model }} as merged
full outer join parts
    on {{ same_cell('merged', 'parts') }}
    and merged.metric = parts.metric
where merged.study is null
    or parts.study is null
    or (merged.status = 'published') <> (parts.hidden = 0)
    or (merged.status = 'published' and merged.n <> parts.n)
{% endtest %}
