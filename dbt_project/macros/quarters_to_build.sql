{#- The pre-hook of a model that is rebuilt by quarter: delete what is stale, and what was asked for by name. -#}
{% macro delete_stale_quarters() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where {{ in_named_quarters('period_start') }}
            or not exists (
                select 1
                from {{ ref('int_quarter_versions') }} as versions
                where {{ this }}.period_start = versions.period_start
                    and {{ this }}.version = versions.version
            )
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}

{#- What such a model then builds: the quarters it does not hold. -#}
{% macro is_missing_quarter(period_start) -%}
    {%- if is_incremental() -%}
        {{ period_start }} not in (select built.period_start from {{ this }} as built)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Whether the run names the quarter. -#}
{% macro in_named_quarters(period_start) -%}
    {%- if var("quarters") -%}
        {{ period_start }} in (
            {%- for quarter in var("quarters") -%}
                cast('{{ quarter }}' as date){{ ", " if not loop.last }}
            {%- endfor -%}
        )
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
