select
    feed,
    field,
    scale
from {{ ref('columns') }}
