with

responses as (
    select * from {{ ref('int_responses') }}
),

kept_cells as (
    select * from {{ ref('stg_kept_asked_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where not is_sum
),

feed_columns as (
    select * from {{ ref('stg_columns') }}
),

questions as (
    select * from {{ ref('stg_questions') }}
),

leaves as (
    select
        study,
        feed,
        organisation_code,
        period_start,
        channel,
        count(*) as responses
    from responses
    group by study, feed, organisation_code, period_start, channel
),

-- several headers of one question are aliases
asked_by as (
    select distinct
        feed_columns.feed,
        questions.study,
        questions.question
    from feed_columns
    inner join questions on feed_columns.field = questions.question
),

by_period as (
    select
        leaves.study,
        leaves.organisation_code,
        periods.period,
        periods.period_type,
        periods.period_start,
        leaves.channel,
        asked_by.question,
        leaves.responses
    from leaves
    inner join asked_by
        on leaves.study = asked_by.study
        and leaves.feed = asked_by.feed
    inner join periods
        on leaves.study = periods.study
        and leaves.period_start = periods.period_start
),

own_cells as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        coalesce(channel, 'all') as channel,
        question,
        cast(sum(responses) as bigint) as asked
    from by_period
    group by
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        question,
        cube(channel)
    having
        grouping(channel) = 1
        or channel is not null
),

sums_of_quarters as (
    {{ sums_of_quarters(
        'own_cells',
        'kept_cells',
        keys=['channel', 'question'],
        counts=['asked'],
    ) }}
),

cells as (
    select * from own_cells
    union all
    select * from sums_of_quarters
)

select * from cells
