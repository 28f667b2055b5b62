select
    study,
    timing,
    organisation_kind,
    min_n,
    fieldwork_days,
    population,
    benchmark_method,
    benchmark_min_organisations
from {{ ref('studies') }}
