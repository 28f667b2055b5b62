{#- The rows of the mart of all metrics that are the metric named in the model's meta. -#}
{% macro metric_mart() -%}
select *
from {{ ref('mart_kpi') }}
where metric = '{{ config.get("meta").metric }}'
{%- endmacro %}
