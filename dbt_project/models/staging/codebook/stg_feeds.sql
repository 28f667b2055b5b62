select
    feed,
    study,
    kind,
    channel
from {{ ref('feeds') }}
