select
    organisation_code,
    name,
    kind,
    size_class,
    valid_from,
    valid_to
from {{ source('codebook', 'organisations') }}
