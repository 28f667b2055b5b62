select
    study,
    question,
    scale
from {{ ref('questions') }}
