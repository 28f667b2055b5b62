with

feeds as (
    select * from {{ ref('stg_feeds') }}
),

feed_columns as (
    select * from {{ ref('stg_columns') }}
),

fields as (
    select distinct
        feed,
        field
    from feed_columns
),

channels as (
    select * from {{ ref('stg_channels') }}
),

metrics as (
    select * from {{ ref('stg_metrics') }}
),

metric_questions as (
    select * from {{ ref('stg_metric_questions') }}
),

inputs as (
    select
        metrics.study,
        metrics.metric,
        metrics.family,
        metrics.disclosure_group,
        coalesce(metrics.min_items, 1) as min_items,
        coalesce(metric_questions.question, metrics.metric) as question
    from metrics
    left join metric_questions
        on metrics.study = metric_questions.study
        and metrics.metric = metric_questions.metric
        and metrics.family <> 'distribution'
),

asked as (
    select
        feeds.study,
        feeds.feed,
        feeds.channel,
        inputs.metric,
        inputs.family,
        inputs.disclosure_group
    from feeds
    inner join inputs on feeds.study = inputs.study
    inner join fields
        on feeds.feed = fields.feed
        and inputs.question = fields.field
    group by all
    having count(*) >= max(inputs.min_items)
),

-- a feed whose channel is a column of it asks its questions in every channel
asked_channels as (
    select distinct
        asked.study,
        asked.metric,
        asked.family,
        channels.channel
    from asked
    inner join channels
        on asked.study = channels.study
        and (asked.channel is null or asked.channel = channels.channel)
),

reach as (
    select
        asked_channels.study,
        asked_channels.metric,
        asked_channels.family,
        count(*) as channels_asked
    from asked_channels
    group by asked_channels.study, asked_channels.metric, asked_channels.family
),

study_channels as (
    select
        study,
        count(*) as channels_of_study
    from channels
    group by study
),

scope as (
    select
        asked.study,
        asked.feed,
        asked.metric,
        asked.family,
        asked.disclosure_group,
        coalesce(reach.channels_asked = study_channels.channels_of_study, true)
            as in_every_channel
    from asked
    left join reach
        on asked.study = reach.study
        and asked.metric = reach.metric
        and asked.family = reach.family
    left join study_channels on asked.study = study_channels.study
)

select * from scope
