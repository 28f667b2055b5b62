with

periods as (
    select * from {{ ref('int_periods') }}
),

responses as (
    select * from {{ ref('int_published_responses') }}
),

told as (
    select distinct
        study,
        period
    from responses
),

dimension as (
    select
        periods.study,
        periods.period,
        periods.period_type,
        periods.period_start,
        periods.period_end,
        previous.period as previous_period,
        year_ago.period as year_ago_period,
        periods.closed,
        case periods.period_type
            when 'quarter'
                then concat(right(periods.period, 1), 'e kwartaal ', left(periods.period, 4))
            else periods.period
        end as label_nl,
        case periods.period_type
            when 'quarter'
                then concat('quarter ', right(periods.period, 1), ' of ', left(periods.period, 4))
            else periods.period
        end as label_en,
        row_number() over (
            partition by periods.study
            order by periods.period_start, periods.period_end desc
        ) as sort_order
    from periods
    inner join told
        on periods.study = told.study
        and periods.period = told.period
    left join told as previous
        on periods.study = previous.study
        and periods.previous_period = previous.period
    left join told as year_ago
        on periods.study = year_ago.study
        and periods.year_ago_period = year_ago.period
)

select * from dimension
