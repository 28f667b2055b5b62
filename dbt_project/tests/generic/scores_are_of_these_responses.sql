{#- Responses get other numbers each time they are built: scores of older numbers belong to other respondents. -#}
{% test scores_are_of_these_responses(model) %}
with

scores as (
    select distinct numbered_by from {{ ref('int_scores') }}
),

responses as (
    select distinct built_by from {{ ref('int_responses') }}
)

select scores.numbered_by
from scores
where scores.numbered_by not in (select responses.built_by from responses)
{% endtest %}
