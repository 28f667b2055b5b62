{#- Whether two rows are of the same cell: study, organisation, period, channel, product and segment. -#}
{% macro same_cell(one, other) -%}
    {%- for column in ["study", "organisation_code", "period", "channel", "product_code", "segment", "segment_value"] -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ " and " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
