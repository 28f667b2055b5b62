select
    study,
    channel,
    label_nl,
    label_en
from {{ ref('channels') }}
