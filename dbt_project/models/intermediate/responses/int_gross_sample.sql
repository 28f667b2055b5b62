with

invitation_rows as (
    select * from {{ ref('int_invitation_rows') }}
    where
        status = 'counted'
        and not is_final
),

response_rows as (
    select * from {{ ref('int_response_rows') }}
    where status = 'counted'
),

methods as (
    select * from {{ ref('int_methods') }}
),

-- of responses in final periods too
answered_invitations as (
    select distinct
        study,
        invitation_id
    from response_rows
    where invitation_id is not null
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
        invitation_rows.outcome not in ('duplicate', 'incomplete') as is_invited,
        invitation_rows.outcome not in ('duplicate', 'incomplete')
        and answered_invitations.invitation_id is not null as is_answered,
        invitation_rows.period,
        invitation_rows.period_start
    from invitation_rows
    left join methods
        on invitation_rows.study = methods.study
        and invitation_rows.method = methods.method
    left join answered_invitations
        on invitation_rows.study = answered_invitations.study
        and invitation_rows.invitation_id = answered_invitations.invitation_id
)

select * from counted
