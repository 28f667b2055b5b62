select
    study,
    organisation_code,
    period,
    period_type,
    period_start,
    vintage
from {{ source('states', 'final') }}
