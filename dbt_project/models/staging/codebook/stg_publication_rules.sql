select
    study,
    judged_metric,
    second_judgement_metric,
    min_response_rate,
    min_answers,
    always_published,
    norm_overall,
    norm_per_product
from {{ source('codebook', 'publication_rules') }}
