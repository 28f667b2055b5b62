{{ config(materialized='view') }}

with

responses as (
    select * from {{ ref('int_responses') }}
),

delivered as (
    select * from {{ ref('stg_responses') }}
),

segments as (
    select * from {{ ref('stg_segments') }}
),

broken_down as (
    select
        responses.feed,
        responses.delivery,
        responses.source_row,
        responses.channel,
        segments.segment,
        segments.question
    from responses
    inner join segments on responses.study = segments.study
),

of_studies_with_segments as (
    select
        delivered.feed,
        delivered.delivery,
        delivered.source_row,
        delivered.answers
    from delivered
    where delivered.study in (select segments.study from segments)
),

answers as (
    select
        of_studies_with_segments.feed,
        of_studies_with_segments.delivery,
        of_studies_with_segments.source_row,
        answer.question,  -- noqa: RF01
        answer.code  -- noqa: RF01
    from of_studies_with_segments
    {{ explode('of_studies_with_segments.answers', 'answer') }}
),

-- no product and segment at once
places as (
    select
        feed,
        delivery,
        source_row,
        channel,
        product_code,
        'all' as segment,
        'all' as segment_value
    from responses
    union all
    select
        broken_down.feed,
        broken_down.delivery,
        broken_down.source_row,
        broken_down.channel,
        cast(null as varchar) as product_code,
        broken_down.segment,
        coalesce(answers.code, 'unknown') as segment_value
    from broken_down
    left join answers
        on broken_down.feed = answers.feed
        and broken_down.delivery = answers.delivery
        and broken_down.source_row = answers.source_row
        and broken_down.question = answers.question
)

select * from places
