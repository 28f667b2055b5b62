{#- Round half away from zero to `decimals` (a column, 0 to 6) as the last step; `value` is first cast to decimal(18,6), so binary noise cannot tip a tie. -#}
{% macro round_half_away(value, decimals) -%}
    sign({{ value }}) * cast(
        floor(
            abs(cast({{ value }} as decimal(18, 6)))
            * case {{ decimals }}
                when 0 then 1 when 1 then 10 when 2 then 100 when 3 then 1000
                when 4 then 10000 when 5 then 100000 when 6 then 1000000
            end + cast(0.5 as decimal(2, 1))
        ) as double
    ) / case {{ decimals }}
        when 0 then 1 when 1 then 10 when 2 then 100 when 3 then 1000
        when 4 then 10000 when 5 then 100000 when 6 then 1000000
    end
{%- endmacro %}
