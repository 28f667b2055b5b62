select
    study,
    organisation_code,
    period,
    period_type,
    period_start,
    period_end,
    state,
    is_released,
    is_built,
    revision,
    released_on,
    revised_on,
    reason
from {{ source('states', 'periods') }}
