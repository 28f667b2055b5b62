select
    scale,
    raw,
    code,
    number,
    label_nl,
    label_en,
    sort_order
from {{ source('codebook', 'scale_values') }}
