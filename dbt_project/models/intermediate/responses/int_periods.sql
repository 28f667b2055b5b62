with

response_rows as (
    select * from {{ ref('int_response_rows') }}
    where status = 'counted'
),

invitation_rows as (
    select * from {{ ref('int_invitation_rows') }}
    where
        status = 'counted'
        and outcome not in ('duplicate', 'incomplete')
),

final_periods as (
    select * from {{ ref('stg_final_periods') }}
),

studies as (
    select * from {{ ref('stg_studies') }}
),

waves as (
    select * from {{ ref('stg_waves') }}
),

starts as (
    select
        study,
        period_start
    from response_rows
    union
    select
        study,
        period_start
    from invitation_rows
    union
    select
        final_periods.study,
        final_periods.period_start
    from final_periods
    inner join studies on final_periods.study = studies.study
    where
        studies.timing = 'wave'
        or final_periods.period_type = 'quarter'
),

quarters as (
    select
        starts.study,
        concat(year(starts.period_start), 'Q', quarter(starts.period_start)) as period,
        'quarter' as period_type,
        starts.period_start,
        last_day(make_date(year(starts.period_start), 3 * quarter(starts.period_start), 1))
            as period_end,
        4 * year(starts.period_start) + quarter(starts.period_start) as position,
        4 as steps_a_year
    from starts
    inner join studies on starts.study = studies.study
    where studies.timing = 'quarter'
),

years as (
    select distinct
        study,
        cast(year(period_start) as varchar) as period,
        'year' as period_type,
        make_date(year(period_start), 1, 1) as period_start,
        make_date(year(period_start), 12, 31) as period_end,
        year(period_start) as position,
        1 as steps_a_year
    from starts
),

periods as (
    select * from quarters
    union all
    select * from years
),

with_previous as (
    select
        *,
        lag(period) over by_type as last_period,
        lag(position) over by_type as last_position
    from periods
    window by_type as (partition by study, period_type order by position)
),

described as (
    select
        with_previous.study,
        with_previous.period,
        with_previous.period_type,
        with_previous.period_start,
        with_previous.period_end,
        studies.timing = 'quarter' and with_previous.period_type = 'year' as is_sum,
        -- a wave follows the wave before it, however long ago that was
        case
            when studies.timing = 'wave' or with_previous.last_position = with_previous.position - 1
                then with_previous.last_period
        end as previous_period,
        year_ago.period as year_ago_period,
        -- a wave without a date is delivered when its fieldwork is over
        case studies.timing
            when 'wave' then coalesce({{ today() }} > waves.fieldwork_ended_on, true)
            else {{ today() }} >= cast(
                {{ dbt.dateadd(
                    'day',
                    'coalesce(studies.release_day, ' ~ var('release_day') ~ ')',
                    'with_previous.period_end'
                ) }} as date
            )
        end as closed
    from with_previous
    inner join studies on with_previous.study = studies.study
    left join waves
        on with_previous.study = waves.study
        and with_previous.period = waves.period
    left join periods as year_ago
        on with_previous.study = year_ago.study
        and with_previous.period_type = year_ago.period_type
        and with_previous.position - with_previous.steps_a_year = year_ago.position
)

select * from described
