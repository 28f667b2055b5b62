with

cells as (
    select * from {{ ref('int_cells') }}
),

metrics as (
    select * from {{ ref('stg_metrics') }}
    where family <> 'distribution'
),

pattern as (
    select * from {{ ref('stg_pattern') }}
),

kept_cells as (
    select * from {{ ref('stg_kept_published_cells') }}
),

-- a cell that the pattern does not name stays hidden
judged as (
    select
        cells.*,
        coalesce(pattern.status, 'suppressed') as status
    from cells
    inner join metrics
        on cells.study = metrics.study
        and cells.metric = metrics.metric
    left join pattern
        on {{ same_cell('cells', 'pattern') }}
        and metrics.disclosure_group = pattern.disclosure_group
),

-- no answers, and the cell is not hidden: there is no figure, and no row
shown as (
    select
        {{ cell() }},
        period_type,
        period_start,
        metric,
        status,
        case when status = 'published' then n end as n,
        case when status = 'published' then cast(sum_weight as double) end as sum_weight,
        case when status = 'published' then cast(sum_weight_squared as double) end
            as sum_weight_squared,
        case when status = 'published' then cast(sum_score as double) end as sum_score,
        case when status = 'published' then cast(sum_score_squared as double) end
            as sum_score_squared
    from judged
    where
        status = 'suppressed'
        or n > 0
),

figures as (
    select
        {{ cell() }},
        period_type,
        period_start,
        metric,
        status,
        n,
        sum_weight as n_weighted,
        sum_weight * sum_weight / sum_weight_squared as n_effective,
        sum_score / sum_weight as value,
        sum_score_squared / sum_weight as mean_square
    from shown
),

-- below 1e-9 it is the rounding of equal scores, not spread
with_variance as (
    select
        *,
        case
            when mean_square - value * value < 1e-9 then 0
            else mean_square - value * value
        end as variance
    from figures
),

published_cells as (
    select
        {{ cell() }},
        period_type,
        period_start,
        metric,
        status,
        n,
        n_weighted,
        n_effective,
        value,
        variance
    from with_variance
    union all
    select
        {{ cell() }},
        period_type,
        period_start,
        metric,
        status,
        n,
        n_weighted,
        n_effective,
        value,
        variance
    from kept_cells
)

select * from published_cells
