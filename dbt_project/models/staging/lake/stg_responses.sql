select
    study,
    feed,
    delivery,
    row as source_row,
    received_at,
    response_id,
    organisation_code,
    channel,
    product_code,
    contact_date,
    submitted_at,
    wave,
    invitation_id,
    weight,
    has_review,
    has_tip,
    answers
from {{ source('lake', 'responses') }}
