with

cells as (
    select * from {{ ref('int_published_answers') }}
),

distribution as (
    select
        {{ cell() }},
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
