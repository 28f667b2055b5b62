select
    study,
    organisation_code,
    period,
    vintage
from {{ source('states', 'earlier') }}
