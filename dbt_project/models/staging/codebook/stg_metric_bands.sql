select
    study,
    metric,
    lower as lower_bound,
    upper as upper_bound,
    points
from {{ ref('metric_bands') }}
