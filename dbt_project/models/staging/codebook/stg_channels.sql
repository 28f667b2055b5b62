select
    study,
    channel,
    label_nl,
    label_en,
    sort_order
from {{ source('codebook', 'channels') }}
