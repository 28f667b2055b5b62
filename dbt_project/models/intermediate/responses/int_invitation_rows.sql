with

invitations as (
    select * from {{ ref('stg_invitations') }}
),

deliveries as (
    select * from {{ ref('stg_deliveries') }}
),

studies as (
    select * from {{ ref('stg_studies') }}
),

kept_rows as (
    select * from {{ ref('stg_kept_invitation_rows') }}
),

final_periods as (
    select * from {{ ref('stg_final_periods') }}
),

accepted as (
    select
        invitations.*,
        studies.timing,
        cast(
            date_trunc(
                case studies.timing when 'quarter' then 'quarter' else 'year' end,
                invitations.sent_date
            ) as date
        ) as period_start
    from invitations
    inner join deliveries
        on invitations.feed = deliveries.feed
        and invitations.delivery = deliveries.delivery
    inner join studies on invitations.study = studies.study
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
        study,
        invitation_id,
        max(received_at) as received_at,
        max(delivery) as delivery
    from known
    where kept_status = 'counted'
    group by study, invitation_id
),

-- late is what came for a published period, or for an invitation that is counted in one
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
        on known.study = published.study
        and known.invitation_id = published.invitation_id
),

versions as (
    select
        *,
        row_number() over (
            partition by study, invitation_id, is_late
            order by received_at desc, delivery desc, feed, source_row
        ) as version_rank
    from punctual
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
        period,
        period_start,
        is_final,
        case
            when status in ('undeliverable', 'opted_out', 'duplicate', 'incomplete') then status
            else 'reached'
        end as outcome,
        case
            when kept_status is not null then kept_status
            when is_late then 'late'
            when version_rank > 1 then 'superseded'
            else 'counted'
        end as status
    from versions
)

select * from judged
