with

items as (
    select * from {{ ref('int_published_items') }}
),

item_response as (
    select
        study,
        organisation_code,
        period,
        channel,
        question,
        period_type,
        period_start,
        asked,
        answered,
        100 * cast(answered as double) / asked as share,
        status
    from items
)

select * from item_response
