with

invitations as (
    select * from {{ ref('stg_invitations') }}
),

deliveries as (
    select * from {{ ref('stg_deliveries') }}
),

versions as (
    select
        invitations.*,
        row_number() over (
            partition by invitations.study, invitations.invitation_id
            order by
                invitations.received_at desc,
                invitations.delivery desc,
                invitations.feed,
                invitations.source_row
        ) as version_rank
    from invitations
    inner join deliveries
        on invitations.feed = deliveries.feed
        and invitations.delivery = deliveries.delivery
    where deliveries.state = 'accepted'
),

judged as (
    select
        study,
        feed,
        delivery,
        source_row,
        invitation_id,
        organisation_code,
        channel,
        product_code,
        method,
        sent_date,
        case
            when status in ('undeliverable', 'opted_out', 'duplicate', 'incomplete') then status
            else 'reached'
        end as outcome,
        case when version_rank = 1 then 'counted' else 'superseded' end as status
    from versions
)

select * from judged
