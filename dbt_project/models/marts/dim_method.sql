with

studies as (
    select * from {{ ref('stg_studies') }}
),

feeds as (
    select * from {{ ref('stg_feeds') }}
),

columns as (
    select * from {{ ref('stg_columns') }}
    where field = 'method'
),

scale_values as (
    select * from {{ ref('stg_scale_values') }}
),

dimension as (
    select
        feeds.study,
        scale_values.code as method,
        arg_min(scale_values.label_nl, scale_values.sort_order) as label_nl,
        arg_min(scale_values.label_en, scale_values.sort_order) as label_en,
        min(scale_values.sort_order) as sort_order
    from columns
    inner join feeds on columns.feed = feeds.feed
    inner join scale_values on columns.scale = scale_values.scale
    where scale_values.code is not null
    group by feeds.study, scale_values.code

    union all

    select
        study,
        'unknown' as method,
        'Niet bekend' as label_nl,
        'Unknown' as label_en,
        100000 as sort_order
    from studies

    union all

    select
        study,
        'all' as method,
        'Alle wijzen van benaderen' as label_nl,
        'All methods of approach' as label_en,
        0 as sort_order
    from studies
)

select * from dimension
