select
    feed,
    field
from {{ ref('columns') }}
