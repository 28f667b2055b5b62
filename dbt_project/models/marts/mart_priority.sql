with

cells as (
    select * from {{ ref('int_priority_cells') }}
),

averages as (
    select
        study,
        organisation_code,
        period,
        channel,
        overall_metric,
        count(*) as aspects,
        avg(satisfaction) as satisfaction,
        avg(importance) as importance
    from cells
    where importance is not null
    group by study, organisation_code, period, channel, overall_metric
),

-- below 1e-9 it is the rounding of the mean, and the aspect is as good as the others
compared as (
    select
        cells.*,
        averages.aspects,
        cells.satisfaction > averages.satisfaction - 1e-9 as is_satisfying,
        cells.importance > averages.importance - 1e-9 as is_important
    from cells
    left join averages
        on cells.study = averages.study
        and cells.organisation_code = averages.organisation_code
        and cells.period = averages.period
        and cells.channel = averages.channel
        and cells.overall_metric = averages.overall_metric
),

priority as (
    select
        study,
        organisation_code,
        period,
        channel,
        metric,
        period_type,
        period_start,
        n,
        satisfaction,
        importance,
        importance_method,
        case
            when importance is null or aspects < 2 then null
            when is_important and is_satisfying then 'strength'
            when is_important then 'high_priority'
            when is_satisfying then 'maintain'
            else 'low_priority'
        end as quadrant,
        status
    from compared
)

select * from priority
