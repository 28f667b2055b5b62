select
    study,
    metric,
    question
from {{ ref('metric_questions') }}
