{#- Half width of the 95 % interval of a mean of `n` scores: standard deviation with divisor n, and of a finite population where its number is known. -#}
{% macro margin_95(variance, n_effective, n, population) -%}
    1.96 * sqrt({{ variance }} / {{ n_effective }})
        * sqrt(
            coalesce(({{ population }} - {{ n }}) / nullif(cast({{ population }} as double), 0), 1)
        )
{%- endmacro %}
