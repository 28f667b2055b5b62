{#- Half width of the 95 % interval of a mean of `n` scores: standard deviation with divisor n, and of a finite population where its number is known. Null for one answer, which has no spread to tell of. -#}
{% macro margin_95(variance, n_effective, n, population) -%}
    case
        when {{ n }} > 1
            then
                1.96 * sqrt({{ variance }} / {{ n_effective }})
                * sqrt(
                    coalesce(
                        ({{ population }} - {{ n }}) / nullif(cast({{ population }} as double), 0), 1
                    )
                )
    end
{%- endmacro %}
