select
    study,
    organisation_code,
    period,
    channel,
    product_code,
    segment,
    segment_value,
    disclosure_group,
    measure,
    answer,
    n,
    weight as sum_weight,
    weight_squared as sum_weight_squared,
    total as sum_score,
    total_squared as sum_score_squared,
    version
from {{ source('disclosure', 'frozen') }}
