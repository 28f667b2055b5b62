select
    study,
    metric,
    question
from {{ source('codebook', 'metric_questions') }}
