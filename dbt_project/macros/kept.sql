{#- What was kept of a model for each final period, in the newest vintage of the period. -#}
{% macro kept(model) -%}
select kept.*
from {{ source('vintages', model) }} as kept
inner join {{ ref('stg_final_periods') }} as final_periods
    on kept.study = final_periods.study
    and kept.organisation_code = final_periods.organisation_code
    and kept.period = final_periods.period
    and kept.vintage = final_periods.vintage
{%- endmacro %}
