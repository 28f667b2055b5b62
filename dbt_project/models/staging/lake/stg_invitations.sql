select
    study,
    feed,
    delivery,
    row as source_row,
    received_at,
    invitation_id,
    organisation_code,
    channel,
    product_code,
    method,
    sent_date,
    status
from {{ source('lake', 'invitations') }}
