select
    study,
    period,
    fieldwork_ended_on
from {{ source('codebook', 'waves') }}
