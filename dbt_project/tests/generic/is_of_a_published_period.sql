{#- Every row is of a period of the release. -#}
{% test is_of_a_published_period(model) %}
select
    rows_of_periods.study,
    rows_of_periods.organisation_code,
    rows_of_periods.period
from {{ model }} as rows_of_periods
left join {{ ref('mart_release') }} as releases
    on rows_of_periods.study = releases.study
    and rows_of_periods.organisation_code = releases.organisation_code
    and rows_of_periods.period = releases.period
where releases.study is null
{% endtest %}
