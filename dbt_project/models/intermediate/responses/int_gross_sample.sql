with

invitation_rows as (
    select * from {{ ref('int_invitation_rows') }}
),

studies as (
    select * from {{ ref('stg_studies') }}
),

methods as (
    select * from {{ ref('int_methods') }}
),

counted as (
    select
        invitation_rows.study,
        invitation_rows.invitation_id,
        {{ fingerprint(['invitation_rows.study', 'invitation_rows.invitation_id']) }} as respondent,
        invitation_rows.organisation_code,
        invitation_rows.channel,
        invitation_rows.product_code,
        case
            when invitation_rows.study in (select known.study from methods as known)
                then coalesce(methods.method, 'unknown')
        end as method,
        invitation_rows.outcome,
        case studies.timing
            when 'quarter' then cast(date_trunc('quarter', invitation_rows.sent_date) as date)
            else cast(date_trunc('year', invitation_rows.sent_date) as date)
        end as period_start
    from invitation_rows
    inner join studies on invitation_rows.study = studies.study
    left join methods
        on invitation_rows.study = methods.study
        and invitation_rows.method = methods.method
    where invitation_rows.status = 'counted'
)

select * from counted
