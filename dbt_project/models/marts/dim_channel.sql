with

channels as (
    select * from {{ ref('stg_channels') }}
),

studies as (
    select * from {{ ref('stg_studies') }}
),

dimension as (
    select
        study,
        channel,
        label_nl,
        label_en,
        sort_order
    from channels

    union all

    select
        study,
        'all' as channel,
        'Alle kanalen' as label_nl,
        'All channels' as label_en,
        0 as sort_order
    from studies
)

select * from dimension
