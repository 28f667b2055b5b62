{{ config(materialized='view') }}

with

channels as (
    select * from {{ ref('stg_channels') }}
),

products as (
    select * from {{ ref('stg_products') }}
),

segments as (
    select * from {{ ref('stg_segments') }}
),

methods as (
    select * from {{ ref('int_methods') }}
),

questions as (
    select * from {{ ref('stg_questions') }}
),

scale_values as (
    select * from {{ ref('stg_scale_values') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

segment_values as (
    select distinct
        segments.study,
        segments.segment,
        scale_values.code as segment_value
    from segments
    inner join questions
        on segments.study = questions.study
        and segments.question = questions.question
    inner join scale_values on questions.scale = scale_values.scale
    where scale_values.code is not null
    union
    select
        study,
        segment,
        'unknown' as segment_value
    from segments
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
        study,
        'segment' as dimension,
        segment as partition,
        'all' as parent,
        concat(segment, '=', segment_value) as child
    from segment_values
    union all
    select
        study,
        'segment' as dimension,
        'method' as partition,
        'all' as parent,
        concat('method=', method) as child
    from methods
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
