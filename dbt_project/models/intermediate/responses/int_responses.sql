with

responses as (
    select * from {{ ref('stg_responses') }}
),

response_rows as (
    select * from {{ ref('int_response_rows') }}
    where
        status = 'counted'
        and not is_final
),

-- those of final periods too
invitations as (
    select * from {{ ref('int_invitation_rows') }}
    where
        status = 'counted'
        and outcome not in ('duplicate', 'incomplete')
),

counted as materialized (
    select
        row_number() over () as response,
        responses.study,
        responses.feed,
        responses.delivery,
        responses.source_row,
        response_rows.codebook,
        responses.organisation_code,
        responses.response_id,
        {{ fingerprint([
            'responses.study',
            'responses.organisation_code',
            'responses.feed',
            'responses.response_id',
        ]) }} as respondent,
        responses.channel,
        responses.product_code,
        response_rows.period,
        response_rows.period_start,
        responses.invitation_id,
        invitations.invitation_id is not null as is_matched,
        cast(responses.weight as decimal(18, 12)) as weight,
        responses.has_review,
        responses.has_tip
    from responses
    inner join response_rows
        on responses.feed = response_rows.feed
        and responses.delivery = response_rows.delivery
        and responses.source_row = response_rows.source_row
    left join invitations
        on responses.study = invitations.study
        and responses.invitation_id = invitations.invitation_id
),

-- by themselves, as lists are slow to carry through more than one join
with_answers as (
    select
        counted.*,
        responses.answers,
        '{{ invocation_id }}' as built_by
    from counted
    inner join responses
        on counted.feed = responses.feed
        and counted.delivery = responses.delivery
        and counted.source_row = responses.source_row
)

select * from with_answers
