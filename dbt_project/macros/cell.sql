{#- The columns that name a cell, of one relation: study, organisation, period, channel, product and segment. -#}
{% macro cell(relation=none) -%}
    {%- for column in cell_columns() -%}
        {{ relation ~ "." if relation }}{{ column }}{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Whether two rows are of the same cell. -#}
{% macro same_cell(one, other) -%}
    {%- for column in cell_columns() -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ " and " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro cell_columns() -%}
    {{ return(["study", "organisation_code", "period", "channel", "product_code", "segment", "segment_value"]) }}
{%- endmacro %}
