with

cells as (
    select * from {{ ref('int_published_answers') }}
),

distribution as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        metric,
        period_type,
        period_start,
        answer,
        n,
        share,
        status
    from cells
)

select * from distribution
