{#- The 97.5 % quantile of Student's t for `df` degrees of freedom, by the Cornish-Fisher expansion in 1/df (Abramowitz and Stegun 26.7.5); off by less than 0.00002 from df 9 on, and cells are published from n 10 on. -#}
{% macro student_t_975(df) -%}
    (
        1.959963984540054
        + 2.372271 / {{ df }}
        + 2.822499 / power({{ df }}, 2)
        + 2.555850 / power({{ df }}, 3)
        + 1.589534 / power({{ df }}, 4)
    )
{%- endmacro %}
