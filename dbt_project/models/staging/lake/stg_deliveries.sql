select
    feed,
    sha256 as delivery,
    state,
    codebook,
    rows_accepted
from {{ source('lake', 'deliveries') }}
