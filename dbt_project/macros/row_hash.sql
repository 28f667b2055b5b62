{#- A 64-bit hash of the columns, as decimal(38,0) so that sums of it do not depend on row order. -#}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch("row_hash", "kto")(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    cast(hash({{ columns | join(", ") }}) as decimal(38, 0))
{%- endmacro %}
