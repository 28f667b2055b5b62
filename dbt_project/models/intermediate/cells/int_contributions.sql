{{ config(materialized='view') }}

with

responses as (
    select * from {{ ref('int_responses') }}
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
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        'responses' as measure,
        respondent,
        0 as content
    from responses
    union all
    select
        invitations.study,
        invitations.organisation_code,
        invitations.period_start,
        invitations.channel,
        invitations.product_code,
        'responses_invited' as measure,
        invitations.respondent,
        0 as content
    from invitations
    inner join answered_invitations
        on invitations.study = answered_invitations.study
        and invitations.invitation_id = answered_invitations.invitation_id
    union all
    select
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        metric as measure,
        respondent,
        {{ fingerprint(['cast(score as decimal(28, 12))', 'weight']) }} as content
    from scores
    union all
    select
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
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
        contributed.measure,
        contributed.respondent,
        contributed.content
    from contributed
    inner join studies on contributed.study = studies.study
)

select * from contributions
