{#- The periods of the finest kind together hold every response once. -#}
{% test every_response_is_in_a_cell(model) %}
with

cells as (
    select
        cells.study,
        sum(cells.responses) as responses
    from {{ model }} as cells
    inner join {{ ref('stg_studies') }} as studies on cells.study = studies.study
    where cells.channel = 'all'
        and cells.product_code = 'all'
        and cells.segment = 'all'
        and cells.period_type = case studies.timing when 'quarter' then 'quarter' else 'year' end
    group by cells.study
),

responses as (
    select
        study,
        count(*) as responses
    from {{ ref('int_responses') }}
    group by study
)

select responses.study
from responses
left join cells on responses.study = cells.study
where responses.responses is distinct from cells.responses
{% endtest %}
