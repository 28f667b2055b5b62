with

responses as (
    select * from {{ ref('stg_responses') }}
),

deliveries as (
    select * from {{ ref('stg_deliveries') }}
),

accepted as (
    select
        responses.study,
        responses.feed,
        responses.delivery,
        responses.source_row,
        responses.received_at,
        responses.organisation_code,
        responses.response_id,
        responses.submitted_at,
        responses.invitation_id,
        deliveries.codebook
    from responses
    inner join deliveries
        on responses.feed = deliveries.feed
        and responses.delivery = deliveries.delivery
    where deliveries.state = 'accepted'
),

versions as (
    select
        *,
        row_number() over (
            partition by feed, organisation_code, response_id
            order by received_at desc, delivery desc
        ) as version_rank
    from accepted
),

answered_invitations as (
    select
        feed,
        delivery,
        source_row,
        row_number() over (
            partition by study, invitation_id
            order by
                coalesce(submitted_at, cast('9999-12-31' as timestamp)),
                received_at,
                delivery,
                response_id,
                organisation_code,
                feed
        ) as invitation_rank
    from versions
    where
        version_rank = 1
        and invitation_id is not null
),

judged as (
    select
        versions.study,
        versions.feed,
        versions.delivery,
        versions.source_row,
        versions.codebook,
        versions.organisation_code,
        versions.response_id,
        versions.invitation_id,
        case
            when versions.version_rank > 1 then 'superseded'
            when answered_invitations.invitation_rank > 1 then 'set_aside'
            else 'counted'
        end as status
    from versions
    left join answered_invitations
        on versions.feed = answered_invitations.feed
        and versions.delivery = answered_invitations.delivery
        and versions.source_row = answered_invitations.source_row
)

select * from judged
