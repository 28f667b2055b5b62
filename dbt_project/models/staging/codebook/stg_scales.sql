select
    scale,
    kind,
    minimum,
    maximum
from {{ ref('scales') }}
