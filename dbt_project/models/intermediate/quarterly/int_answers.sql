{{ config(materialized='view') }}

with

responses as (
    select * from {{ ref('int_responses') }}
),

delivered as (
    select * from {{ ref('stg_responses') }}
),

answers as (
    select
        responses.study,
        responses.feed,
        responses.delivery,
        responses.source_row,
        responses.respondent,
        responses.organisation_code,
        responses.period_start,
        responses.channel,
        responses.product_code,
        responses.weight,
        answer.question,  -- noqa: RF01
        answer.code,  -- noqa: RF01
        answer.number  -- noqa: RF01
    from responses
    inner join delivered
        on responses.feed = delivered.feed
        and responses.delivery = delivered.delivery
        and responses.source_row = delivered.source_row
    {{ explode('delivered.answers', 'answer') }}
)

select * from answers
