select
    study,
    metric,
    label_nl,
    label_en,
    definition_nl,
    definition_en,
    family,
    unit,
    decimals,
    base,
    disclosure_group,
    higher_is_better,
    overall_metric,
    sort_order
from {{ ref('stg_metrics') }}
