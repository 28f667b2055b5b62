with

deliveries as (
    select * from {{ ref('stg_deliveries') }}
),

response_rows as (
    select * from {{ ref('int_response_rows') }}
),

invitation_rows as (
    select * from {{ ref('int_invitation_rows') }}
),

invitations as (
    select * from invitation_rows
    where
        status = 'counted'
        and outcome not in ('duplicate', 'incomplete')
),

rows_of_both_kinds as (
    select
        response_rows.feed,
        response_rows.delivery,
        response_rows.status,
        response_rows.status = 'counted'
        and response_rows.invitation_id is not null
        and invitations.invitation_id is null as is_unmatched
    from response_rows
    left join invitations
        on response_rows.study = invitations.study
        and response_rows.invitation_id = invitations.invitation_id
    union all
    select
        feed,
        delivery,
        status,
        false as is_unmatched
    from invitation_rows
),

counts as (
    select
        feed,
        delivery,
        count(*) filter (where status = 'counted') as rows_counted,
        count(*) filter (where status = 'superseded') as rows_superseded,
        count(*) filter (where status = 'set_aside') as rows_set_aside,
        count(*) filter (where status = 'late') as rows_late,
        count(*) filter (where is_unmatched) as rows_unmatched
    from rows_of_both_kinds
    group by feed, delivery
),

per_delivery as (
    select
        deliveries.feed,
        deliveries.delivery,
        deliveries.rows_accepted,
        coalesce(counts.rows_counted, 0) as rows_counted,
        coalesce(counts.rows_superseded, 0) as rows_superseded,
        coalesce(counts.rows_set_aside, 0) as rows_set_aside,
        coalesce(counts.rows_late, 0) as rows_late,
        coalesce(counts.rows_unmatched, 0) as rows_unmatched
    from deliveries
    left join counts
        on deliveries.feed = counts.feed
        and deliveries.delivery = counts.delivery
)

select * from per_delivery
