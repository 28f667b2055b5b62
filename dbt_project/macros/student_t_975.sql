{#- The 97.5 % quantile of Student's t for `df` degrees of freedom: the Cornish-Fisher expansion in 1/df (Abramowitz and Stegun 26.7.5), with four more terms fitted to the rest of it. Off by less than 0.0000005 from df 2 on; a weighted figure on ten may have an effective number of 5, which is df 4 (docs/decisions.md). -#}
{% macro student_t_975(df) -%}
    (
        1.959963984540
        + 2.372271230 / {{ df }}
        + 2.822498616 / power({{ df }}, 2)
        + 2.555849680 / power({{ df }}, 3)
        + 1.589534053 / power({{ df }}, 4)
        + 0.734070490 / power({{ df }}, 5)
        + 0.654176270 / power({{ df }}, 6)
        - 0.312500850 / power({{ df }}, 7)
        + 0.353705180 / power({{ df }}, 8)
    )
{%- endmacro %}
