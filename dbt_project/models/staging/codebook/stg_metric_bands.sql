select
    study,
    metric,
    lower as lower_bound,
    upper as upper_bound,
    points
from {{ source('codebook', 'metric_bands') }}
