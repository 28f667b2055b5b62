{#- Join each row with the structs of its list column; the struct is named `alias`. -#}
{% macro explode(column, alias) -%}
    {{ return(adapter.dispatch("explode", "kto")(column, alias)) }}
{%- endmacro %}

{% macro default__explode(column, alias) -%}
    cross join unnest({{ column }}) as exploded ({{ alias }})
{%- endmacro %}
