select
    study,
    organisation_code,
    period,
    channel,
    product_code,
    segment,
    segment_value,
    disclosure_group,
    status,
    version
from {{ source('disclosure', 'pattern') }}
