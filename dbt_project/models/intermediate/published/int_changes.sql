with

own_figures as (
    select * from {{ ref('int_figures') }}
),

merged_figures as (
    select * from {{ ref('int_merged_figures') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

every_series as (
    select
        'own' as series,
        {{ cell() }},
        metric,
        period_type,
        period_start,
        decimals,
        new_series_from,
        n,
        n_weighted,
        value,
        margin,
        status,
        error_variance,
        degrees_of_freedom,
        is_released
    from own_figures
    union all
    select
        'merged' as series,
        {{ cell() }},
        metric,
        period_type,
        period_start,
        decimals,
        new_series_from,
        n,
        n_weighted,
        value,
        margin,
        status,
        error_variance,
        degrees_of_freedom,
        is_released
    from merged_figures
),

figures as (
    select
        every_series.*,
        periods.period_end,
        periods.previous_period,
        periods.year_ago_period
    from every_series
    inner join periods
        on every_series.study = periods.study
        and every_series.period = periods.period
),

-- what is released is compared with what is released
paired as (
    select
        current_figure.series,
        {{ cell('current_figure') }},
        current_figure.metric,
        current_figure.period_type,
        current_figure.period_start,
        current_figure.decimals,
        current_figure.n,
        current_figure.n_weighted,
        current_figure.value,
        current_figure.margin,
        current_figure.status,
        current_figure.error_variance,
        current_figure.degrees_of_freedom,
        case when current_figure.status = 'published' then previous_figure.value end
            as previous_value,
        case when current_figure.status = 'published' then year_ago_figure.value end
            as year_ago_value,
        current_figure.error_variance + previous_figure.error_variance as previous_error,
        power(current_figure.error_variance, 2) / current_figure.degrees_of_freedom
        + power(previous_figure.error_variance, 2) / previous_figure.degrees_of_freedom
            as previous_spread,
        current_figure.error_variance + year_ago_figure.error_variance as year_ago_error,
        power(current_figure.error_variance, 2) / current_figure.degrees_of_freedom
        + power(year_ago_figure.error_variance, 2) / year_ago_figure.degrees_of_freedom
            as year_ago_spread,
        -- a year in which the question changed has answers to both
        coalesce(
            current_figure.new_series_from > previous_figure.period_start
            and current_figure.new_series_from <= current_figure.period_end,
            false
        ) as previous_break,
        coalesce(
            current_figure.new_series_from > year_ago_figure.period_start
            and current_figure.new_series_from <= current_figure.period_end,
            false
        ) as year_ago_break
    from figures as current_figure
    left join figures as previous_figure
        on current_figure.series = previous_figure.series
        and current_figure.study = previous_figure.study
        and current_figure.organisation_code = previous_figure.organisation_code
        and current_figure.previous_period = previous_figure.period
        and current_figure.channel = previous_figure.channel
        and current_figure.product_code = previous_figure.product_code
        and current_figure.segment = previous_figure.segment
        and current_figure.segment_value = previous_figure.segment_value
        and current_figure.metric = previous_figure.metric
        and (previous_figure.is_released or not current_figure.is_released)
    left join figures as year_ago_figure
        on current_figure.series = year_ago_figure.series
        and current_figure.study = year_ago_figure.study
        and current_figure.organisation_code = year_ago_figure.organisation_code
        and current_figure.year_ago_period = year_ago_figure.period
        and current_figure.channel = year_ago_figure.channel
        and current_figure.product_code = year_ago_figure.product_code
        and current_figure.segment = year_ago_figure.segment
        and current_figure.segment_value = year_ago_figure.segment_value
        and current_figure.metric = year_ago_figure.metric
        and (year_ago_figure.is_released or not current_figure.is_released)
),

-- figures from before and after a break in the series are shown, not compared
differences as (
    select
        *,
        case when not previous_break then value - previous_value end as change,
        case when not year_ago_break then value - year_ago_value end as year_ago_change
    from paired
),

changes as (
    select
        series,
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
        error_variance,
        degrees_of_freedom,
        previous_value,
        change,
        {{ is_significant('change', 'previous_error', 'previous_spread') }}
            as change_significant,
        year_ago_value,
        year_ago_change,
        {{ is_significant('year_ago_change', 'year_ago_error', 'year_ago_spread') }}
            as year_ago_significant,
        case when status = 'published' then previous_break or year_ago_break end as series_break
    from differences
)

select * from changes
