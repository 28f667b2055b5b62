select
    from_code,
    to_code,
    effective_from
from {{ source('codebook', 'organisation_mergers') }}
