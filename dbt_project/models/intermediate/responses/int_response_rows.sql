with

responses as (
    select * from {{ ref('stg_responses') }}
),

deliveries as (
    select * from {{ ref('stg_deliveries') }}
),

studies as (
    select * from {{ ref('stg_studies') }}
),

kept_rows as (
    select * from {{ ref('stg_kept_response_rows') }}
),

final_periods as (
    select * from {{ ref('stg_final_periods') }}
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
        responses.channel,
        responses.submitted_at,
        responses.invitation_id,
        deliveries.codebook,
        studies.timing,
        case studies.timing
            when 'quarter' then cast(date_trunc('quarter', responses.contact_date) as date)
            else cast(concat(responses.wave, '-01-01') as date)
        end as period_start
    from responses
    inner join deliveries
        on responses.feed = deliveries.feed
        and responses.delivery = deliveries.delivery
    inner join studies on responses.study = studies.study
    where deliveries.state = 'accepted'
),

in_periods as (
    select
        *,
        {{ period_label('timing', 'period_start') }} as period
    from accepted
),

-- what became of a row when its period was published stands
known as (
    select
        in_periods.*,
        final_periods.study is not null or kept_rows.status is not null as is_final,
        kept_rows.status as kept_status
    from in_periods
    left join final_periods
        on in_periods.study = final_periods.study
        and in_periods.organisation_code = final_periods.organisation_code
        and in_periods.period = final_periods.period
    left join kept_rows
        on in_periods.feed = kept_rows.feed
        and in_periods.delivery = kept_rows.delivery
        and in_periods.source_row = kept_rows.source_row
),

published as (
    select
        feed,
        organisation_code,
        response_id,
        max(received_at) as received_at,
        max(delivery) as delivery
    from known
    where kept_status = 'counted'
    group by feed, organisation_code, response_id
),

-- late is what came for a published period, or for a respondent who is counted in one
punctual as (
    select
        known.*,
        case
            when known.kept_status is not null then known.kept_status = 'late'
            else known.is_final or coalesce(
                known.received_at > published.received_at
                or (
                    known.received_at = published.received_at
                    and known.delivery > published.delivery
                ),
                false
            )
        end as is_late
    from known
    left join published
        on known.feed = published.feed
        and known.organisation_code = published.organisation_code
        and known.response_id = published.response_id
),

versions as (
    select
        *,
        row_number() over (
            partition by feed, organisation_code, response_id, is_late
            order by received_at desc, delivery desc
        ) as version_rank
    from punctual
),

-- an invitation that a published response answered is answered
answered_invitations as (
    select
        feed,
        delivery,
        source_row,
        row_number() over (
            partition by study, invitation_id
            order by
                case when kept_status = 'counted' then 0 else 1 end,
                coalesce(submitted_at, cast('9999-12-31' as timestamp)),
                received_at,
                delivery,
                response_id,
                organisation_code,
                feed
        ) as invitation_rank
    from versions
    where
        invitation_id is not null
        and case
            when kept_status is null then version_rank = 1 and not is_late
            else kept_status = 'counted'
        end
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
        versions.channel,
        versions.invitation_id,
        versions.period,
        versions.period_start,
        versions.is_final,
        case
            when versions.kept_status is not null then versions.kept_status
            when versions.is_late then 'late'
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
