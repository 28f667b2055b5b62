with

response_rows as (
    select * from {{ ref('int_response_rows') }}
),

invitation_rows as (
    select * from {{ ref('int_invitation_rows') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

rows_of_both_kinds as (
    select
        study,
        organisation_code,
        period,
        is_final,
        coalesce(channel, 'all') as channel,
        case when status = 'counted' then 1 else 0 end as responses,
        0 as invitations,
        case when status = 'late' then 1 else 0 end as late
    from response_rows
    union all
    select
        study,
        organisation_code,
        period,
        is_final,
        coalesce(channel, 'all') as channel,
        0 as responses,
        case
            when status = 'counted' and outcome not in ('duplicate', 'incomplete') then 1 else 0
        end as invitations,
        case when status = 'late' then 1 else 0 end as late
    from invitation_rows
),

contents as (
    select
        study,
        organisation_code,
        period,
        channel,
        bool_or(is_final) as is_final,
        cast(sum(responses) as bigint) as responses,
        cast(sum(invitations) as bigint) as invitations,
        cast(sum(late) as bigint) as late
    from rows_of_both_kinds
    group by study, organisation_code, period, channel
    having sum(responses) + sum(invitations) + sum(late) > 0
),

described as (
    select
        contents.study,
        contents.organisation_code,
        contents.period,
        periods.period_type,
        periods.period_start,
        periods.period_end,
        contents.channel,
        contents.is_final,
        contents.responses,
        contents.invitations,
        contents.late
    from contents
    left join periods
        on contents.study = periods.study
        and contents.period = periods.period
)

select * from described
