select
    study,
    period,
    period_type,
    period_start,
    period_end,
    previous_period,
    year_ago_period,
    closed
from {{ ref('int_periods') }}
