with

figures as (
    select * from {{ ref('int_item_figures') }}
),

built_periods as (
    select * from {{ ref('stg_period_states') }}
    where is_built
),

kept_items as (
    select * from {{ ref('stg_kept_published_items') }}
),

cells as (
    select * from {{ ref('int_published_cells') }}
),

answers as (
    select * from {{ ref('int_published_answers') }}
),

responses as (
    select * from {{ ref('int_published_responses') }}
),

asked_cells as (
    select * from {{ ref('int_asked_cells') }}
),

response_cells as (
    select * from {{ ref('int_response_cells') }}
),

-- the n of a figure as it is published, null where it is hidden
counted as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        metric,
        'score' as family,
        n
    from cells
    where
        product_code = 'all'
        and segment = 'all'
    union all
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        metric,
        'distribution' as family,
        max(n) as n
    from answers
    where
        product_code = 'all'
        and segment = 'all'
    group by
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        metric
),

-- where some came in by a feed without the question, those asked are a part that is not published
asked_everybody as (
    select
        response_cells.study,
        response_cells.organisation_code,
        response_cells.period,
        response_cells.channel,
        figures.question,
        coalesce(asked_cells.asked, 0) = response_cells.responses as is_everybody
    from response_cells
    inner join figures on response_cells.study = figures.study
    left join asked_cells
        on response_cells.study = asked_cells.study
        and response_cells.organisation_code = asked_cells.organisation_code
        and response_cells.period = asked_cells.period
        and response_cells.channel = asked_cells.channel
        and figures.question = asked_cells.question
    where
        response_cells.product_code = 'all'
        and response_cells.segment = 'all'
),

judged as (
    select
        counted.study,
        counted.organisation_code,
        counted.period,
        counted.period_type,
        counted.period_start,
        counted.channel,
        figures.question,
        responses.responses as asked,
        counted.n as answered,
        case
            when
                asked_everybody.is_everybody
                and counted.n is not null
                and responses.responses is not null
                then 'published'
            else 'suppressed'
        end as status
    from counted
    inner join built_periods
        on counted.study = built_periods.study
        and counted.organisation_code = built_periods.organisation_code
        and counted.period = built_periods.period
    inner join figures
        on counted.study = figures.study
        and counted.metric = figures.metric
        and counted.family = figures.family
    left join responses
        on counted.study = responses.study
        and counted.organisation_code = responses.organisation_code
        and counted.period = responses.period
        and counted.channel = responses.channel
        and responses.product_code = 'all'
        and responses.segment = 'all'
    left join asked_everybody
        on counted.study = asked_everybody.study
        and counted.organisation_code = asked_everybody.organisation_code
        and counted.period = asked_everybody.period
        and counted.channel = asked_everybody.channel
        and figures.question = asked_everybody.question
),

items as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        question,
        case when status = 'published' then asked end as asked,
        case when status = 'published' then answered end as answered,
        status
    from judged
    union all
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        question,
        asked,
        answered,
        status
    from kept_items
)

select * from items
