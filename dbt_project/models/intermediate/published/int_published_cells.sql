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

-- a cell that the pattern does not name stays hidden
judged as (
    select
        cells.*,
        case when pattern.published then 'published' else 'suppressed' end as status
    from cells
    inner join metrics
        on cells.study = metrics.study
        and cells.metric = metrics.metric
    left join pattern
        on cells.study = pattern.study
        and cells.organisation_code = pattern.organisation_code
        and cells.period = pattern.period
        and cells.channel = pattern.channel
        and cells.product_code = pattern.product_code
        and cells.segment = pattern.segment
        and cells.segment_value = pattern.segment_value
        and metrics.disclosure_group = pattern.disclosure_group
),

-- nobody answered and the cell is not hidden: there is no figure, and no row
existing as (
    select * from judged
    where
        n > 0
        or status = 'suppressed'
),

figures as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        product_code,
        segment,
        segment_value,
        metric,
        status,
        case when status = 'published' then n end as n,
        case when status = 'published' then cast(sum_weight as double) end as n_weighted,
        case
            when status = 'published'
                then
                    cast(sum_weight as double) * cast(sum_weight as double)
                    / cast(sum_weight_squared as double)
        end as n_effective,
        case
            when status = 'published' then cast(sum_score as double) / cast(sum_weight as double)
        end as value,
        case
            when status = 'published'
                then cast(sum_score_squared as double) / cast(sum_weight as double)
        end as mean_square
    from existing
),

-- below 1e-9 it is the rounding of equal scores, not spread
published_cells as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        product_code,
        segment,
        segment_value,
        metric,
        status,
        n,
        n_weighted,
        n_effective,
        value,
        case
            when mean_square - value * value < 1e-9 then 0
            else mean_square - value * value
        end as variance
    from figures
)

select * from published_cells
