select
    scale,
    kind
from {{ ref('scales') }}
