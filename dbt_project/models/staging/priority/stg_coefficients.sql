select
    study,
    organisation_code,
    period,
    channel,
    overall_metric,
    metric,
    n,
    n_effective,
    importance,
    importance_method
from {{ source('priority', 'coefficients') }}
