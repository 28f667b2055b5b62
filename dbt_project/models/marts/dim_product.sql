with

products as (
    select * from {{ ref('stg_products') }}
),

studies as (
    select * from {{ ref('stg_studies') }}
),

dimension as (
    select
        study,
        product_code,
        label_nl,
        label_en,
        upl_name,
        upl_uri,
        sort_order
    from products

    union all

    select
        study,
        'all' as product_code,
        'Alle producten' as label_nl,
        'All products' as label_en,
        null as upl_name,
        null as upl_uri,
        0 as sort_order
    from studies
)

select * from dimension
