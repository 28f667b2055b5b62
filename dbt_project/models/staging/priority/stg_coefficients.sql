select
    study,
    organisation_code,
    period,
    channel,
    overall_metric,
    metric,
    n,
    n_effective,
    importance
from {{ source('priority', 'coefficients') }}
