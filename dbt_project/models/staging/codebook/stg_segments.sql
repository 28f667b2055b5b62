select
    study,
    segment,
    question,
    label_nl,
    label_en,
    sort_order
from {{ source('codebook', 'segments') }}
