select
    feed,
    study,
    kind,
    channel
from {{ source('codebook', 'feeds') }}
