{{ config(materialized='view') }}

with

responses as (
    select * from {{ ref('int_responses') }}
),

exploded as (
    select
        response,
        study,
        feed,
        {{ explode('answers') }} as answer
    from responses
),

answers as (
    select
        response,
        study,
        feed,
        answer.question,  -- noqa: RF01
        answer.code,  -- noqa: RF01
        answer.number  -- noqa: RF01
    from exploded
)

select * from answers
