{#- What the period that starts on this day is called: a quarter, or the year of a wave. -#}
{% macro period_label(timing, period_start) -%}
    case {{ timing }}
        when 'quarter' then concat(year({{ period_start }}), 'Q', quarter({{ period_start }}))
        else cast(year({{ period_start }}) as varchar)
    end
{%- endmacro %}
