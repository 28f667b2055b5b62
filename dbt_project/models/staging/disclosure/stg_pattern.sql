select
    study,
    organisation_code,
    period,
    channel,
    product_code,
    split_part(segment, '=', 1) as segment,
    case
        when segment = 'all' then 'all'
        else substring(segment, position('=' in segment) + 1)
    end as segment_value,
    disclosure_group,
    status
from {{ source('disclosure', 'pattern') }}
