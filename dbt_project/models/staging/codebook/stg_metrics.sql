select
    study,
    metric,
    family,
    unit,
    base,
    decimals,
    min_items,
    disclosure_group,
    higher_is_better,
    new_series_from,
    label_nl,
    label_en,
    definition_nl,
    definition_en,
    overall_metric,
    sort_order
from {{ source('codebook', 'metrics') }}
