select
    scale,
    kind,
    minimum,
    maximum
from {{ source('codebook', 'scales') }}
