{#-
    Sums leaf cells by period, with totals over some of their columns, which then hold 'all'.

    A leaf that has no value in such a column, as in a study without channels, counts in the total
    only, and so does a segment over products.

    relation: a CTE with study, organisation_code, period_start and what is named below.
    periods: a CTE with the periods that leaves are built for.
    over: the columns to take totals over.
    keys: columns that tell cells apart besides those and study, organisation and period.
    counts, sums: columns to add up; counts are whole numbers.
-#}
{% macro with_totals(relation, periods, over, keys, counts, sums=()) -%}
    select
        {{ relation }}.study,
        {{ relation }}.organisation_code,
        {{ periods }}.period,
        {{ periods }}.period_type,
        {{ relation }}.period_start,
        {%- for column in over %}
        coalesce({{ relation }}.{{ column }}, 'all') as {{ column }},
        {%- endfor %}
        {%- for column in keys %}
        {{ relation }}.{{ column }},
        {%- endfor %}
        {%- for column in counts %}
        cast(sum({{ relation }}.{{ column }}) as bigint) as {{ column }}{{ "," if sums or not loop.last }}
        {%- endfor %}
        {%- for column in sums %}
        sum({{ relation }}.{{ column }}) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    inner join {{ periods }}
        on {{ relation }}.study = {{ periods }}.study
        and {{ relation }}.period_start = {{ periods }}.period_start
    group by
        {{ relation }}.study,
        {{ relation }}.organisation_code,
        {{ periods }}.period,
        {{ periods }}.period_type,
        {{ relation }}.period_start,
        {%- for column in keys %}
        {{ relation }}.{{ column }},
        {%- endfor %}
        cube({% for column in over %}{{ relation }}.{{ column }}{{ ", " if not loop.last }}{% endfor %})
    having
        {%- for column in over %}
        {{ "and " if not loop.first }}(
            grouping({{ relation }}.{{ column }}) = 1
            or {{ relation }}.{{ column }} is not null
        )
        {%- endfor %}
{%- endmacro %}
