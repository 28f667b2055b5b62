with

cells as (
    select * from {{ ref('int_compared_cells') }}
),

kpi as (
    select
        {{ cell() }},
        metric,
        period_type,
        period_start,
        n,
        n_weighted,
        value,
        {{ round_half_away('value', 'decimals') }} as value_rounded,
        margin,
        status,
        previous_value,
        change,
        change_significant,
        year_ago_value,
        year_ago_change,
        year_ago_significant,
        benchmark_value,
        benchmark_organisations,
        benchmark_significant,
        series_break
    from cells
)

select * from kpi
