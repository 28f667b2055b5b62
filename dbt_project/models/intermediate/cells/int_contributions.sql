{{ config(materialized='view') }}

with

responses as (
    select * from {{ ref('int_responses') }}
),

places as (
    select * from {{ ref('int_places') }}
),

answered_invitations as (
    select * from {{ ref('int_gross_sample') }}
    where is_answered
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

periods as (
    select * from {{ ref('int_periods') }}
    where not is_sum
),

aspects as (
    select * from {{ ref('stg_metrics') }}
    where overall_metric is not null
),

given as (
    select distinct
        answers.response,
        answers.question,
        answers.code
    from answers
    inner join scope
        on answers.feed = scope.feed
        and answers.question = scope.metric
    where answers.code is not null
),

chosen as (
    select
        given.response,
        concat('distribution of ', given.question) as measure,
        {{ fingerprint_of_all(fingerprint(['responses.weight', 'given.code'])) }} as content
    from given
    inner join responses on given.response = responses.response
    group by given.response, given.question
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
        {{ fingerprint(['responses.has_review', 'responses.has_tip', 'responses.weight']) }}
            as content
    from responses
    inner join places on responses.response = places.response
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
        {{ fingerprint(['outcome']) }} as content
    from answered_invitations
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
        {{ fingerprint(['outcome']) }} as content
    from answered_invitations
    where method is not null
    union all
    select
        responses.study,
        responses.organisation_code,
        responses.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        scores.metric as measure,
        responses.respondent,
        {{ fingerprint(['cast(scores.score as decimal(28, 12))', 'responses.weight']) }} as content
    from scores
    inner join responses on scores.response = responses.response
    inner join places on scores.response = places.response
    union all
    select
        responses.study,
        responses.organisation_code,
        responses.period_start,
        responses.channel,
        responses.product_code,
        'all' as segment,
        'all' as segment_value,
        chosen.measure,
        responses.respondent,
        chosen.content
    from chosen
    inner join responses on chosen.response = responses.response
    union all
    select
        responses.study,
        responses.organisation_code,
        responses.period_start,
        responses.channel,
        null as product_code,
        'all' as segment,
        'all' as segment_value,
        concat('pairs of ', aspect.metric) as measure,
        responses.respondent,
        {{ fingerprint([
            'cast(aspect.score as decimal(28, 12))',
            'cast(overall.score as decimal(28, 12))',
            'responses.weight',
        ]) }} as content
    from scores as aspect
    inner join responses on aspect.response = responses.response
    inner join aspects
        on responses.study = aspects.study
        and aspect.metric = aspects.metric
    inner join scores as overall
        on aspect.response = overall.response
        and aspects.overall_metric = overall.metric
),

contributions as (
    select
        contributed.study,
        contributed.organisation_code,
        periods.period,
        coalesce(contributed.channel, 'all') as channel,
        coalesce(contributed.product_code, 'all') as product_code,
        {{ segment_label('contributed.segment', 'contributed.segment_value') }} as segment,
        contributed.measure,
        contributed.respondent,
        contributed.content
    from contributed
    inner join periods
        on contributed.study = periods.study
        and contributed.period_start = periods.period_start
)

select * from contributions
