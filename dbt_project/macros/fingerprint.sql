{#- A number from 0 to 2^63 - 1 that stands for the columns, the same for the same values on every engine and version: what is kept of earlier releases is compared with it. Only the last column may contain a `|`. Why MD5: see docs/decisions.md. -#}
{% macro fingerprint(columns) -%}
    {{ return(adapter.dispatch("fingerprint", "kto")(columns)) }}
{%- endmacro %}

{% macro default__fingerprint(columns) -%}
    cast(md5_number_lower(concat_ws('|', {{ columns | join(", ") }})) // 2 as bigint)
{%- endmacro %}

{#- A number from 0 to 2^63 - 1 that stands for several such numbers, whatever their order. -#}
{% macro fingerprint_of_all(fingerprint) -%}
    cast(
        sum(cast({{ fingerprint }} as decimal(38, 0)))
        % cast(9223372036854775808 as decimal(38, 0)) as bigint
    )
{%- endmacro %}
