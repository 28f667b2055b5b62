{{ config(materialized='view') }}

with

channels as (
    select * from {{ ref('stg_channels') }}
),

products as (
    select * from {{ ref('stg_products') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

hierarchies as (
    select
        study,
        'channel' as dimension,
        'channel' as partition,
        'all' as parent,
        channel as child
    from channels
    union all
    select
        study,
        'product_code' as dimension,
        'product_code' as partition,
        'all' as parent,
        product_code as child
    from products
    union all
    select
        years.study,
        'period' as dimension,
        'quarter' as partition,
        years.period as parent,
        quarters.period as child
    from periods as years
    inner join periods as quarters
        on years.study = quarters.study
        and years.period_type = 'year'
        and quarters.period_type = 'quarter'
        and quarters.period_start between years.period_start and years.period_end
)

select * from hierarchies
