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
    higher_is_better
from {{ ref('stg_metrics') }}
