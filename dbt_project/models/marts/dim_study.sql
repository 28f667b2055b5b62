select
    study,
    label_nl,
    label_en,
    timing,
    min_n,
    population,
    benchmark_method,
    benchmark_min_organisations,
    sort_order
from {{ ref('stg_studies') }}
