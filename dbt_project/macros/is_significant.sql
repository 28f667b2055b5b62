{#- Welch's test at 95 %, two-sided: is `difference` larger than chance explains, given the sum of the squared standard errors and the sum of their squares over degrees of freedom (Welch-Satterthwaite)? Null when a figure or its error is; that of one answer is. -#}
{% macro is_significant(difference, error_variance, error_spread) -%}
    case
        when {{ error_variance }} > 0
            then
                abs({{ difference }})
                > {{ student_t_975("(power(" ~ error_variance ~ ", 2) / " ~ error_spread ~ ")") }}
                * sqrt({{ error_variance }})
        when {{ error_variance }} = 0 then abs({{ difference }}) > 1e-9
    end
{%- endmacro %}
