{#- The cells of the years that are built: their quarters' added up, those of this run and, where a quarter is final, those kept of it. -#}
{% macro sums_of_quarters(cells, kept_cells, keys, counts, sums=[]) -%}
    select
        quarters.study,
        quarters.organisation_code,
        years.period,
        years.period_type,
        years.period_start,
        {% for key in keys %}quarters.{{ key }},
        {% endfor -%}
        {% for count in counts %}cast(sum(quarters.{{ count }}) as bigint) as {{ count }}{{ "," if sums or not loop.last }}
        {% endfor -%}
        {% for value in sums %}sum(quarters.{{ value }}) as {{ value }}{{ "," if not loop.last }}
        {% endfor -%}
    from (
        {%- for one in [cells, kept_cells] %}
        select study, organisation_code, period_start, {{ (keys + counts + sums) | join(", ") }}
        from {{ one }}
        where period_type = 'quarter'
        {{ "union all" if not loop.last }}
        {%- endfor %}
    ) as quarters
    inner join {{ ref('stg_period_states') }} as years
        on quarters.study = years.study
        and quarters.organisation_code = years.organisation_code
        and quarters.period_start between years.period_start and years.period_end
        and years.period_type = 'year'
        and years.is_built
    group by
        quarters.study, quarters.organisation_code, years.period, years.period_type,
        years.period_start, quarters.{{ keys | join(", quarters.") }}
{%- endmacro %}
