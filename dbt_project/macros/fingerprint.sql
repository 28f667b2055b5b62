{#- A number from 0 to 2^63 - 1 that stands for the columns, the same for the same values on every engine and version: what is kept of earlier releases is compared with it. Only the last column may contain a `|`. -#}
{% macro fingerprint(columns) -%}
    {{ return(adapter.dispatch("fingerprint", "kto")(columns)) }}
{%- endmacro %}

{% macro default__fingerprint(columns) -%}
    cast(md5_number_lower(concat_ws('|', {{ columns | join(", ") }})) // 2 as bigint)
{%- endmacro %}

{#- The sum of fingerprints, exact and whatever the order of the rows. -#}
{% macro sum_of_fingerprints(fingerprint) -%}
    sum(cast({{ fingerprint }} as decimal(38, 0)))
{%- endmacro %}

{#- Such a sum as a bigint: modulo 2^63, so that sums of folded sums are folded sums. -#}
{% macro folded(state) -%}
    cast({{ state }} % cast(9223372036854775808 as decimal(38, 0)) as bigint)
{%- endmacro %}
