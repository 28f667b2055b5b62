select
    scale,
    raw,
    code,
    number,
    label_nl,
    label_en,
    rowid + 1 as sort_order
from {{ ref('scale_values') }}
