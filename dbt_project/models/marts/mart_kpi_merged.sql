with

changes as (
    select * from {{ ref('int_changes') }}
    where series = 'merged'
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
        series_break
    from changes
)

select * from kpi
