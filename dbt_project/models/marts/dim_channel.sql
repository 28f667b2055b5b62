select
    study,
    channel,
    label_nl,
    label_en
from {{ ref('stg_channels') }}
