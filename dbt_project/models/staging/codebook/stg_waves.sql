select
    study,
    period,
    fieldwork_ended_on
from {{ ref('waves') }}
