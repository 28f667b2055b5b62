select
    feed,
    field,
    scale
from {{ source('codebook', 'columns') }}
