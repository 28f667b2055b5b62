select
    from_code,
    to_code,
    effective_from
from {{ ref('organisation_mergers') }}
