{#- A row for each struct of a list column; in the list of what is selected, as a join with the list is slow. -#}
{% macro explode(column) -%}
    {{ return(adapter.dispatch("explode", "kto")(column)) }}
{%- endmacro %}

{% macro default__explode(column) -%}
    unnest({{ column }})
{%- endmacro %}
