select
    study,
    timing,
    organisation_kind,
    min_n,
    release_day,
    population,
    benchmark_method,
    benchmark_min_organisations,
    priority_method,
    priority_min_n,
    benchmark_among,
    label_nl,
    label_en,
    sort_order
from {{ source('codebook', 'studies') }}
