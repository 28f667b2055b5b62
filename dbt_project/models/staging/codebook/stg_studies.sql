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
    rowid + 1 as sort_order
from {{ ref('studies') }}
