with

cells as (
    select * from {{ ref('int_cells') }}
),

metrics as (
    select * from {{ ref('stg_metrics') }}
    where family <> 'distribution'
),

periods as (
    select * from {{ ref('int_periods') }}
),

pattern as (
    select * from {{ ref('stg_pattern') }}
),

frozen as (
    select * from {{ ref('stg_frozen') }}
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

as_released as (
    select
        frozen.study,
        frozen.organisation_code,
        frozen.period,
        frozen.channel,
        frozen.product_code,
        frozen.segment,
        frozen.segment_value,
        periods.period_type,
        periods.period_start,
        frozen.measure as metric,
        frozen.n,
        frozen.sum_weight,
        frozen.sum_weight_squared,
        frozen.sum_score,
        frozen.sum_score_squared
    from frozen
    inner join pattern
        on {{ same_cell('frozen', 'pattern') }}
        and frozen.disclosure_group = pattern.disclosure_group
        and frozen.version = pattern.version
        and pattern.status = 'frozen'
    inner join metrics
        on frozen.study = metrics.study
        and frozen.measure = metrics.metric
    inner join periods
        on frozen.study = periods.study
        and frozen.period = periods.period
),

-- a metric that the earlier release did not have stays hidden with its frozen group
hidden as (
    select judged.*
    from judged
    left join as_released
        on {{ same_cell('judged', 'as_released') }}
        and judged.metric = as_released.metric
    where
        judged.status = 'suppressed'
        or (judged.status = 'frozen' and as_released.study is null)
),

-- nobody answered and the cell is not hidden: there is no figure, and no row
shown as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        period_type,
        period_start,
        metric,
        'published' as status,
        n,
        cast(sum_weight as double) as sum_weight,
        cast(sum_weight_squared as double) as sum_weight_squared,
        cast(sum_score as double) as sum_score,
        cast(sum_score_squared as double) as sum_score_squared
    from judged
    where
        status = 'published'
        and n > 0
    union all
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        period_type,
        period_start,
        metric,
        'published' as status,
        n,
        sum_weight,
        sum_weight_squared,
        sum_score,
        sum_score_squared
    from as_released
    where n > 0
    union all
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        period_type,
        period_start,
        metric,
        'suppressed' as status,
        null as n,
        null as sum_weight,
        null as sum_weight_squared,
        null as sum_score,
        null as sum_score_squared
    from hidden
),

figures as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
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
published_cells as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        period_type,
        period_start,
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
