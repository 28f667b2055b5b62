{{ config(materialized='view') }}

with

responses as (
    select * from {{ ref('int_responses') }}
),

segments as (
    select * from {{ ref('stg_segments') }}
),

broken_down as (
    select
        responses.response,
        responses.channel,
        segments.segment,
        segments.question
    from responses
    inner join segments on responses.study = segments.study
),

exploded as (
    select
        response,
        {{ explode('answers') }} as answer
    from responses
    where study in (select segments.study from segments)
),

answers as (
    select
        response,
        answer.question,  -- noqa: RF01
        answer.code  -- noqa: RF01
    from exploded
),

-- no product and segment at once
places as (
    select
        response,
        channel,
        product_code,
        'all' as segment,
        'all' as segment_value
    from responses
    union all
    select
        broken_down.response,
        broken_down.channel,
        cast(null as varchar) as product_code,
        broken_down.segment,
        coalesce(answers.code, 'unknown') as segment_value
    from broken_down
    left join answers
        on broken_down.response = answers.response
        and broken_down.question = answers.question
)

select * from places
