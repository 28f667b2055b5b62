{#- No published figure rests on fewer respondents than the study allows. -#}
{% test published_rests_on_enough(model) %}
select figures.*
from {{ model }} as figures
inner join {{ ref('stg_studies') }} as studies on figures.study = studies.study
where figures.status = 'published'
    and (figures.n is null or figures.n < studies.min_n)
{% endtest %}
