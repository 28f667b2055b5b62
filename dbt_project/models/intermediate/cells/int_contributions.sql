{{ config(materialized='view') }}

with

responses as (
    select * from {{ ref('int_responses') }}
),

places as (
    select * from {{ ref('int_places') }}
),

invitations as (
    select * from {{ ref('int_invitations') }}
),

scores as (
    select * from {{ ref('int_scores') }}
),

answers as (
    select * from {{ ref('int_answers') }}
),

scope as (
    select * from {{ ref('int_metric_scope') }}
    where family = 'distribution'
),

studies as (
    select * from {{ ref('stg_studies') }}
),

answered_invitations as (
    select distinct
        study,
        invitation_id
    from responses
    where is_matched
),

invited_answers as (
    select invitations.*
    from invitations
    inner join answered_invitations
        on invitations.study = answered_invitations.study
        and invitations.invitation_id = answered_invitations.invitation_id
),

given as (
    select distinct
        answers.study,
        answers.organisation_code,
        answers.period_start,
        answers.channel,
        answers.product_code,
        concat('distribution of ', answers.question) as measure,
        answers.respondent,
        answers.weight,
        answers.code
    from answers
    inner join scope
        on answers.feed = scope.feed
        and answers.question = scope.metric
    where answers.code is not null
),

contributed as (
    select
        responses.study,
        responses.organisation_code,
        responses.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        'responses' as measure,
        responses.respondent,
        0 as content
    from responses
    inner join places
        on responses.feed = places.feed
        and responses.delivery = places.delivery
        and responses.source_row = places.source_row
    union all
    select
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        'all' as segment,
        'all' as segment_value,
        'responses_invited' as measure,
        respondent,
        0 as content
    from invited_answers
    union all
    select
        study,
        organisation_code,
        period_start,
        null as channel,
        null as product_code,
        'method' as segment,
        method as segment_value,
        'responses_invited' as measure,
        respondent,
        0 as content
    from invited_answers
    where method is not null
    union all
    select
        scores.study,
        scores.organisation_code,
        scores.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        scores.metric as measure,
        scores.respondent,
        {{ fingerprint(['cast(scores.score as decimal(28, 12))', 'scores.weight']) }} as content
    from scores
    inner join places
        on scores.feed = places.feed
        and scores.delivery = places.delivery
        and scores.source_row = places.source_row
    union all
    select
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        'all' as segment,
        'all' as segment_value,
        measure,
        respondent,
        {{ folded(sum_of_fingerprints(fingerprint(['weight', 'code']))) }} as content
    from given
    group by
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        measure,
        respondent
),

contributions as (
    select
        contributed.study,
        contributed.organisation_code,
        case studies.timing
            when 'quarter'
                then
                    concat(
                        year(contributed.period_start), 'Q', quarter(contributed.period_start)
                    )
            else cast(year(contributed.period_start) as varchar)
        end as period,
        coalesce(contributed.channel, 'all') as channel,
        coalesce(contributed.product_code, 'all') as product_code,
        contributed.segment,
        contributed.segment_value,
        contributed.measure,
        contributed.respondent,
        contributed.content
    from contributed
    inner join studies on contributed.study = studies.study
)

select * from contributions
