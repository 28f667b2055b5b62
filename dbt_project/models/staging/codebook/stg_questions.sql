select
    study,
    question,
    scale
from {{ source('codebook', 'questions') }}
