{#- A sum of doubles in a fixed order of the rows: the last bit of such a sum depends on it, and the same answers must give the same release. -#}
{% macro sum_in_order(value, by) -%}
    {{ return(adapter.dispatch("sum_in_order", "kto")(value, by)) }}
{%- endmacro %}

{% macro default__sum_in_order(value, by) -%}
    sum({{ value }} order by {{ by }})
{%- endmacro %}
