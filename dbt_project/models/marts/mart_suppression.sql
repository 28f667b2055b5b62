with

kpi as (
    select * from {{ ref('mart_kpi') }}
),

responses as (
    select * from {{ ref('mart_response') }}
),

cells as (
    select
        study,
        organisation_code,
        period,
        channel,
        cast(count(*) filter (where status = 'published') as integer) as cells_published,
        cast(count(*) filter (where status = 'suppressed') as integer) as cells_suppressed
    from kpi
    group by study, organisation_code, period, channel
),

totals as (
    select
        study,
        organisation_code,
        period,
        channel,
        responses
    from responses
    where
        product_code = 'all'
        and status = 'published'
),

leaves as (
    select
        study,
        organisation_code,
        period,
        channel,
        sum(responses) as responses
    from responses
    where product_code <> 'all'
    group by study, organisation_code, period, channel
),

-- a study without products has nothing to hide below its total
suppression as (
    select
        cells.study,
        cells.organisation_code,
        cells.period,
        cells.channel,
        cells.cells_published,
        cells.cells_suppressed,
        case
            when leaves.study is null then 0 * totals.responses
            else 1 - coalesce(leaves.responses, 0) / nullif(cast(totals.responses as double), 0)
        end as answers_suppressed_share
    from cells
    left join totals
        on cells.study = totals.study
        and cells.organisation_code = totals.organisation_code
        and cells.period = totals.period
        and cells.channel = totals.channel
    left join leaves
        on cells.study = leaves.study
        and cells.organisation_code = leaves.organisation_code
        and cells.period = leaves.period
        and cells.channel = leaves.channel
)

select * from suppression
