select
    study,
    segment,
    question
from {{ ref('segments') }}
