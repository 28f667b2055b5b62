select
    study,
    product_code,
    label_nl,
    label_en,
    upl_name,
    upl_uri,
    rowid + 1 as sort_order
from {{ ref('products') }}
