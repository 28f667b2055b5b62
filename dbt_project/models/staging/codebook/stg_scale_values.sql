select
    scale,
    raw,
    code,
    number
from {{ ref('scale_values') }}
