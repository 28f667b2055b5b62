{#- A suppressed row says nothing but which cell it is. -#}
{% test suppressed_rows_are_empty(model) %}
{%- set told = ["study", "organisation_code", "period", "channel", "product_code", "segment", "segment_value", "metric", "question", "method", "period_type", "period_start", "answer", "status"] %}
{%- set described = (graph.nodes.values() | selectattr("name", "equalto", model.identifier) | first).columns if execute else {} %}
select *
from {{ model }}
where status = 'suppressed'
    and (
        false
        {%- for column in described if column not in told %}
        or {{ column }} is not null
        {%- endfor %}
    )
{% endtest %}
