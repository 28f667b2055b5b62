select
    study,
    segment,
    question,
    label_nl,
    label_en,
    rowid + 1 as sort_order
from {{ ref('segments') }}
