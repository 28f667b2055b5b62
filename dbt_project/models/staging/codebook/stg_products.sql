select
    study,
    product_code,
    label_nl,
    label_en,
    upl_name,
    upl_uri,
    sort_order
from {{ source('codebook', 'products') }}
