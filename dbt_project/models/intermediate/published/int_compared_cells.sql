with

changes as (
    select * from {{ ref('int_changes') }}
    where series = 'own'
),

benchmarks as (
    select * from {{ ref('int_benchmarks') }}
),

differences as (
    select
        changes.*,
        benchmarks.benchmark_value,
        benchmarks.benchmark_organisations,
        changes.value - benchmarks.benchmark_value as benchmark_difference,
        changes.error_variance + benchmarks.benchmark_error_variance as benchmark_error,
        power(changes.error_variance, 2) / changes.degrees_of_freedom
        + benchmarks.benchmark_error_spread as benchmark_spread
    from changes
    left join benchmarks
        on {{ same_cell('changes', 'benchmarks') }}
        and changes.metric = benchmarks.metric
),

compared as (
    select
        {{ cell() }},
        metric,
        period_type,
        period_start,
        decimals,
        n,
        n_weighted,
        value,
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
        {{ is_significant('benchmark_difference', 'benchmark_error', 'benchmark_spread') }}
            as benchmark_significant,
        series_break
    from differences
)

select * from compared
